"""Queries that were kept with what they answered, under a name that is a hash of both.

They are files in a folder of the store. Where there is none, all of it stands in the address instead; the name shows
that it is unaltered.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from kg.history.patch_log import StoreFullError
from ontology import KelisimError

MOST: Final = 10_000
"""How many permalinks a store keeps; then no more are taken."""

KEPT_BYTES: Final = 1 << 16
"""Answers of no more bytes are kept whole, so that what changed can be told when their version is gone."""

QUERY_CHARACTERS: Final = 20_000
ADDRESS_CHARACTERS: Final = 6_000
"""The longest query that is kept, and that an address holds."""

NAME: Final = re.compile(r"[a-z2-7]{20}", re.ASCII)


@dataclass(frozen=True)
class Kept:
    """A query with its dataset, and what it answered.

    version, digest and time: of the data that it asked. answer: the digest of the answer
    (`kg.publishing.answers.CanonicalAnswer`), of so many `rows`. saved: when it was kept (xsd:dateTime). lines: the
    answer itself, if it is small.
    """

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    version: int
    digest: str
    time: str
    answer: str
    rows: int
    saved: str
    lines: tuple[str, ...] | None = field(default=None)

    @property
    def name(self) -> str:
        """Twenty letters and digits: a hash of the query, its dataset, the version and the answer."""
        parts = [self.query, self.default_graphs, self.named_graphs, self.version, self.digest, self.answer]
        hashed = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()
        return base64.b32encode(hashed).decode().lower()[:20]

    def parameters(self) -> list[tuple[str, str]]:
        """All but the lines as parameters of an address, for `from_parameters`."""
        graphs = [("default-graph-uri", g) for g in self.default_graphs]
        graphs += [("named-graph-uri", g) for g in self.named_graphs]
        names = ("version", "digest", "time", "answer", "rows", "saved")
        return [("query", self.query), *graphs, *((name, str(getattr(self, name))) for name in names)]

    @classmethod
    def from_parameters(cls, given: Mapping[str, list[str]]) -> Self:
        """The inverse of `parameters`; raises KelisimError if one is missing or malformed."""
        try:
            version, rows = (int(given[name][0]) for name in ("version", "rows"))
            query, digest, time, answer, saved = (given[n][0] for n in ("query", "digest", "time", "answer", "saved"))
        except (KeyError, IndexError, ValueError) as error:
            raise KelisimError(
                "The address of the permalink is not whole: copy it again from where it stands."
            ) from error
        graphs = (tuple(given.get(f"{sort}-graph-uri", ())) for sort in ("default", "named"))
        default, named = graphs
        return cls(query, default, named, version, digest, time, answer, rows, saved)


class Permalinks:
    """The permalinks of a folder, each a file. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def put(self, kept: Kept) -> bool:
        """Keeps it; one that is there already stays as it is. False if the folder cannot be written.

        Raises StoreFullError beyond `MOST`.
        """
        path = self._path(kept.name)
        part = path.with_suffix(".part")
        with self._lock:
            if self.get(kept.name):  # it may be damaged
                return True
            try:
                self._folder.mkdir(exist_ok=True)
                if sum(1 for _ in self._folder.iterdir()) >= MOST:
                    raise StoreFullError(
                        f"{MOST} queries are kept already, which is the most: keep it as a link of yours."
                    )
                part.write_text(json.dumps(asdict(kept), ensure_ascii=False), encoding="utf-8")
                part.replace(path)
            except OSError:
                return False
        return True

    def get(self, name: str) -> Kept | None:
        """The permalink of that name, or None."""
        if not NAME.fullmatch(name):
            return None
        try:
            found: dict[str, Any] = json.loads(self._path(name).read_text(encoding="utf-8"))
            found |= {n: tuple(found[n]) for n in ("default_graphs", "named_graphs")}
            found["lines"] = None if found["lines"] is None else tuple(found["lines"])
            return Kept(**found)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
