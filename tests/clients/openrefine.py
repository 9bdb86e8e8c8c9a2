"""OpenRefine's protocol, the Reconciliation Service API 0.2, as its dialogues speak it."""

import json
import urllib.parse
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import requests

from tests.clients.script import Client, equal

TIMEOUT = 60


class OpenRefine(Client):
    """Manifest, queries, suggestions, preview, extension; no SPARQL."""

    name = "OpenRefine's protocol"

    def version(self) -> str:
        return f"API 0.2, requests {version('requests')}"

    def get(self, address: str, **parameters: str) -> requests.Response:
        answer = requests.get(address, params=parameters, timeout=TIMEOUT)
        if not answer.ok:
            raise RuntimeError(f"GET {answer.url}: {answer.status_code} {answer.text}")
        return answer

    def post(self, field: str, value: object) -> Any:
        """OpenRefine sends forms."""
        answer = requests.post(self.service, data={field: json.dumps(value)}, timeout=TIMEOUT)
        if not answer.ok:
            raise RuntimeError(f"POST {answer.url}: {answer.status_code} {answer.text}")
        return answer.json()

    @property
    def service(self) -> str:
        return f"{self.access.server}reconcile"

    def more(self, graph: str) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "manifest", self.manifest
        yield "queries", self.queries
        for kind, prefix, expected in (
            ("entity", "Қазақс", "kazakhstan"),
            ("type", "Sta", "kel:State"),
            ("property", "iso", "kel:isoAlpha2"),
        ):
            yield f"suggest {kind}", lambda k=kind, p=prefix, e=expected: self.suggest(k, p, e)  # type: ignore[misc]
        yield "preview", self.preview
        yield "propose properties", self.propose
        yield "extend", self.extend

    def manifest(self) -> None:
        found = self.get(self.service).json()
        equal("0.2" in found["versions"], True)
        for key in ("name", "identifierSpace", "schemaSpace", "view", "preview", "suggest", "extend"):
            equal((key, key in found), (key, True))

    def queries(self) -> None:
        asked = {
            "q0": {"query": "Ресей", "type": "kel:State", "limit": 3},
            "q1": {"query": "Токаев", "type": "foaf:Person"},
            "q2": {"query": "Nowhere at all"},
        }
        found = self.post("queries", asked)
        equal(set(found), set(asked))
        equal([(r["id"], r["match"]) for r in found["q0"]["result"]][:1], [("russia", True)])
        equal(found["q1"]["result"][0]["id"], "kassym-jomart-tokayev")
        equal([r for r in found["q2"]["result"] if r["match"]], [])

    def suggest(self, kind: str, prefix: str, expected: str) -> None:
        service = self.get(self.service).json()["suggest"][kind]
        found = self.get(service["service_url"] + service["service_path"], prefix=prefix).json()["result"]
        equal(expected in [each["id"] for each in found], True)

    def preview(self) -> None:
        found = self.get(self.service).json()["preview"]
        answer = self.get(found["url"].replace("{{id}}", urllib.parse.quote("kazakhstan")))
        equal(answer.headers["Content-Type"].partition(";")[0], "text/html")
        equal("Қазақстан" in answer.text, True)
        equal("frame-ancestors *" in answer.headers["Content-Security-Policy"], True)

    def propose(self) -> None:
        service = self.get(self.service).json()["extend"]["propose_properties"]
        found = self.get(service["service_url"] + service["service_path"], type="kel:State").json()["properties"]
        equal("kel:isoAlpha2" in [each["id"] for each in found], True)

    def extend(self) -> None:
        found = self.post("extend", {"ids": ["kazakhstan", "russia"], "properties": [{"id": "kel:isoAlpha2"}]})
        equal([each["id"] for each in found["meta"]], ["kel:isoAlpha2"])
        codes = {thing: row["kel:isoAlpha2"] for thing, row in found["rows"].items()}
        equal(codes, {"kazakhstan": [{"str": "KZ"}], "russia": [{"str": "RU"}]})
