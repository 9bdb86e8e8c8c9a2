"""Tells from a few triples whether the data of an engine have changed.

``kelisim publish`` writes them, with the digest of the dataset, into `PUBLISHED_GRAPH` when it has put all else there:
what it says of that graph itself.
Where they are not, the quads are counted instead: a change that keeps their number is not noticed.
"""

import hashlib
import re
from typing import Any, Final

import msgspec

from kg.engine.errors import EngineError
from kg.remote.transport import Transport
from kg.upload.manifest import CHANGES, DIGEST, STATE
from kg.upload.names import PUBLISHED_GRAPH

_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


class Mark(msgspec.Struct, frozen=True):
    """A state of the data: equal names mean equal data.

    digest: that of the dataset, if it is told; time: when it was published (xsd:dateTime), if it is told. changes: how
    many were made through servers since it was published.
    """

    name: str
    digest: str = ""
    time: str = ""
    changes: int = 0


def read_mark(transport: Transport) -> Mark:
    """The mark of the data as they are now; raises what `Transport.select` raises."""
    told = f"SELECT ?p ?o WHERE {{ GRAPH <{PUBLISHED_GRAPH}> {{ <{PUBLISHED_GRAPH}> ?p ?o }} }}"
    rows = sorted(tuple(row[n]["value"] for n in ("p", "o")) for row in _rows(transport, told))
    if rows:
        values = [value for _, value in rows]
        digest = next((v for p, v in rows if p == DIGEST and _DIGEST.fullmatch(v)), "")
        time = max(filter(_TIME.fullmatch, values), default="")
        state = next((v for p, v in rows if p == STATE), "")
        if state:
            number = next((v for p, v in rows if p == CHANGES), "0")
            return Mark(state, "", time, int(number))
        return Mark(digest or hashlib.sha256(repr(rows).encode()).hexdigest()[:16], digest, time)
    counts = [
        _rows(transport, f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}")[0]["n"]["value"]
        for pattern in ("?s ?p ?o", "GRAPH ?g { ?s ?p ?o }")
    ]
    return Mark("counted-" + "-".join(counts))


def _rows(transport: Transport, query: str) -> list[Any]:
    try:
        return [*msgspec.json.decode(transport.select(query))["results"]["bindings"]]
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise EngineError(f"The engine {transport.name} answers no SPARQL results in JSON: {error}.") from error
