"""Finds out by small queries how an engine differs from others: what is worked round, and what is refused.

Each probe of the language needs no data. Whether the default graph is a union, and whether data of this project are
where they are told apart, is seen from the data.
"""

import re
from dataclasses import dataclass, field
from typing import Final

import msgspec

from kg.engine.errors import EngineError, EngineRefusedError
from kg.remote.distrust import CONSTRUCTS, UNSHOWN
from kg.remote.transport import Transport
from kg.upload.names import DEFAULT_GRAPH, PUBLISHED_GRAPH, RESERVED
from ontology import KelisimError
from ontology.namespaces import CODE, KEL, PREFIXES

_XSD: Final = PREFIXES["xsd"]
_NEEDED: Final = {
    "SELECT expressions": ("SELECT (1 AS ?x) WHERE {}", ["1"]),
    "UNION": ("SELECT ?x WHERE { { BIND(1 AS ?x) } UNION { BIND(1 AS ?x) } }", ["1", "1"]),
    "VALUES": ("SELECT ?x WHERE { VALUES ?x { 1 2 } } ORDER BY ?x", ["1", "2"]),
    "OPTIONAL": ("SELECT ?x WHERE { VALUES ?x { 1 } OPTIONAL { <urn:kelisim:a> <urn:kelisim:b> ?y } }", ["1"]),
    "FILTER NOT EXISTS": (
        "SELECT ?x WHERE { VALUES ?x { 1 } FILTER NOT EXISTS { <urn:kelisim:a> <urn:kelisim:b> ?y } }",
        ["1"],
    ),
    "subqueries": ("SELECT ?x WHERE { { SELECT ?x WHERE { VALUES ?x { 2 1 } } ORDER BY ?x LIMIT 1 } }", ["1"]),
    "COUNT": ("SELECT (COUNT(*) AS ?x) WHERE { VALUES ?y { 1 2 2 } }", ["3"]),
    "COUNT DISTINCT": ("SELECT (COUNT(DISTINCT ?y) AS ?x) WHERE { VALUES ?y { 1 2 2 } }", ["2"]),
    "GROUP BY": (
        "SELECT (COUNT(*) AS ?x) WHERE { VALUES ?y { 1 2 2 } } GROUP BY ?y HAVING (COUNT(*) > 1)",
        ["2"],
    ),
    "GRAPH": ("SELECT (COUNT(*) AS ?x) WHERE { GRAPH <urn:kelisim:none> { ?s ?p ?o } }", ["0"]),
}
"""What this server cannot do without: queries, each with the values of its column."""

_WANTED: Final = {
    "MINUS": ("SELECT ?x WHERE { VALUES ?x { 1 2 } MINUS { VALUES ?x { 2 } } }", ["1"]),
    "GROUP_CONCAT": (
        "SELECT (GROUP_CONCAT(?y; SEPARATOR='+') AS ?x) WHERE { VALUES ?y { 'a' 'a' } }",
        ["a+a"],
    ),
    "property paths": (
        "SELECT ?x WHERE { VALUES ?x { 1 } FILTER NOT EXISTS { <urn:kelisim:a> <urn:kelisim:b>/<urn:kelisim:c>+ ?y } }",
        ["1"],
    ),
    "paths between open ends": (
        "SELECT (COUNT(*) AS ?x) WHERE { ?s <urn:kelisim:a>+ ?o }",
        ["0"],
    ),
    "EXISTS in expressions": ("SELECT (STR(EXISTS { <urn:kelisim:a> <urn:kelisim:b> ?y }) AS ?x) WHERE {}", ["false"]),
    "COALESCE and errors": ("SELECT (COALESCE(1/0, 'none') AS ?x) WHERE {}", ["none"]),
    "strings": ("SELECT (CONCAT(UCASE('қ'), SUBSTR('abc', 2, 1), REPLACE('a', 'a', 'ю')) AS ?x) WHERE {}", ["Қbю"]),
    "dates": (f"SELECT (YEAR('2024-11-27T10:00:00Z'^^<{_XSD}dateTime>) AS ?x) WHERE {{}}", ["2024"]),
}
"""What queries may use: where an engine lacks it, it is told, and a query that needs it is answered from a copy, if
there is one, or refused with the engine's reason."""

_HEDGED: Final = " ".join(f"<{CODE[name]}>" for name in ("expected", "possible", "denied"))
_SAMPLE: Final = 10
_OWN_GRAPHS: Final = (
    "http://www.openlinksw.com/",
    "http://localuriqaserver/",
    "http://localhost:8890/DAV/",
    "http://www.w3.org/2002/07/owl#",
    "http://www.w3.org/ns/ldp#",
    "urn:activitystreams-owl:map",
    "urn:core:services:sparql",
    "urn:virtuoso:",
)
"""How the graphs begin that engines have for themselves (Virtuoso)."""


@dataclass(frozen=True)
class Traits:
    """How an engine differs from what SPARQL 1.1 says, as far as answers depend on it."""

    placed: bool = False
    """The default graph of the dataset is the engine's graph `DEFAULT_GRAPH`."""
    union: bool = False
    """Its own default graph has the triples of all graphs."""
    hidden: tuple[str, ...] = RESERVED
    """The named graphs that are none of the dataset."""
    numeric_booleans: bool = False
    """xsd:boolean comes as 1 and 0, and what is computed comes as an integer."""
    large_decimals: bool = False
    """Integers beyond 32 bits come as decimals."""
    missing: tuple[str, ...] = ()
    """What it cannot do, of SPARQL 1.1."""
    doubted: tuple[str, ...] = ()
    """What it evaluates wrongly, by the names of `kg.remote.distrust`."""
    changed: tuple[str, ...] = field(default=())
    """Literals whose form it changes, each as it was sent and as it came."""

    def in_words(self) -> list[str]:
        """What was found, a sentence each."""
        found = []
        if self.placed:
            found.append(f"The default graph lies in its graph <{DEFAULT_GRAPH}>.")
        if self.union:
            found.append("Its own default graph is the union of all graphs.")
        if self.numeric_booleans:
            found.append(
                "It computes booleans as integers, which is mended; its comparisons are not trusted to indexes."
            )
        if self.large_decimals:
            found.append("It stores large integers as decimals, which is mended.")
        if self.missing:
            found.append(f"It lacks {', '.join(self.missing)}.")
        if self.doubted:
            found.append(f"Not sent to it, since it evaluates them otherwise: {', '.join(self.doubted)}.")
        if self.changed:
            found.append(f"It changes the form of literals: {', '.join(self.changed)}.")
        if own := [g for g in self.hidden if g not in RESERVED]:
            found.append(f"Graphs of its own are passed over: {', '.join(own)}.")
        return found or ["It does all that was tried as SPARQL 1.1 says."]


class UnfitEngineError(KelisimError):
    """The engine cannot be worked with."""


def probe(transport: Transport) -> Traits:
    """How the engine differs from others.

    Raises UnfitEngineError if it lacks what this server needs, or would mix what is only expected or denied with facts;
    EngineError and the like if it does not answer.
    """
    probing = _Probing(transport)
    lacking = [name for name, (query, values) in _NEEDED.items() if not probing.gives(query, values)]
    if lacking:
        raise UnfitEngineError(
            f"The engine {transport.name} lacks what this server needs of SPARQL 1.1: {', '.join(lacking)}."
        )
    union = probing.is_union()
    # What was published into a union has its default graph apart, even if it has no triples.
    empty = union and probing.is_there(f"GRAPH <{PUBLISHED_GRAPH}> {{ ?s ?p ?o }}")
    told = f"GRAPH <{PUBLISHED_GRAPH}> {{ <{PUBLISHED_GRAPH}> <{PUBLISHED_GRAPH}#defaultGraph> <{DEFAULT_GRAPH}> }}"
    placed = empty or probing.is_there(f"GRAPH <{DEFAULT_GRAPH}> {{ ?s ?p ?o }}") or probing.is_there(told)
    if union and not placed and probing.is_there(f"VALUES ?m {{ {_HEDGED} }} ?claim <{KEL.modality}> ?m"):
        raise UnfitEngineError(
            f"The default graph of the engine {transport.name} is the union of all graphs: what claims only expect or "
            "deny would be answered as fact. Put the dataset there with kelisim publish, which keeps the default graph "
            f"apart in <{DEFAULT_GRAPH}>."
        )
    missing = tuple(name for name, (query, values) in _WANTED.items() if not probing.gives(query, values))
    numeric = probing.has_numeric_booleans()
    doubted = [name for name, it in CONSTRUCTS.items() if not probing.gives(it.query, [it.value])]
    return Traits(
        placed,
        union,
        (*RESERVED, *probing.own_graphs()),
        numeric,
        probing.has_large_decimals(),
        missing,
        (*doubted, *(UNSHOWN if numeric else ())),
        probing.changed(),
    )


class _Probing:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def rows(self, query: str) -> list[dict[str, dict[str, str]]]:
        """The rows of a SELECT, as JSON has them."""
        try:
            found = msgspec.json.decode(self._transport.select(query))
            return [*found["results"]["bindings"]]
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise EngineError(
                f"The engine {self._transport.name} answers no SPARQL results in JSON: {error}."
            ) from error

    def gives(self, query: str, values: list[str]) -> bool:
        """Whether a query has these values in its column ?x."""
        try:
            return [row.get("x", {}).get("value") for row in self.rows(query)] == values
        except EngineRefusedError:
            return False

    def is_there(self, pattern: str) -> bool:
        """Whether a pattern matches anything."""
        return bool(self.rows(f"SELECT (1 AS ?one) WHERE {{ {pattern} }} LIMIT 1"))

    def is_union(self) -> bool:
        """Whether triples of named graphs, of which some are in no default graph, are all in the engine's own."""
        published = self.rows(
            f"SELECT ?p WHERE {{ GRAPH <{PUBLISHED_GRAPH}> {{ <{PUBLISHED_GRAPH}> ?p ?o }} }} LIMIT 1"
        )
        if published:
            return self.is_there(f"<{PUBLISHED_GRAPH}> <{published[0]['p']['value']}> ?o")
        where = f"VALUES ?m {{ {_HEDGED} }} ?g <{KEL.modality}> ?m . GRAPH ?g {{ ?s ?p ?o }}"
        if not self.is_there(where):
            where = "GRAPH ?g { ?s ?p ?o }"
        found = self.rows(f"SELECT ?s ?p ?o WHERE {{ {where} FILTER(isIRI(?s) && isIRI(?o)) }} LIMIT {_SAMPLE}")
        return bool(found) and all(
            self.is_there(" ".join(f"<{row[name]['value']}>" for name in ("s", "p", "o"))) for row in found
        )

    def own_graphs(self) -> tuple[str, ...]:
        """The graphs that the engine has for itself."""
        starts = " || ".join(f"STRSTARTS(STR(?g), '{start}')" for start in _OWN_GRAPHS)
        found = self.rows(f"SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ ?s ?p ?o }} FILTER({starts}) }}")
        return tuple(sorted(row["g"]["value"] for row in found))

    def has_numeric_booleans(self) -> bool:
        """Whether a computed boolean comes as a number."""
        (row,) = self.rows("SELECT (<urn:kelisim:a> = <urn:kelisim:b> AS ?x) WHERE {}")
        return row["x"].get("datatype") != f"{_XSD}boolean" or row["x"]["value"] != "false"

    def has_large_decimals(self) -> bool:
        """Whether a large integer of the data comes as a decimal."""
        is_large = "FILTER(isNumeric(?x) && ?x > 2147483647)"
        where = f"{{ ?s <{KEL.value}> ?x }} UNION {{ GRAPH ?g {{ ?s <{KEL.value}> ?x }} }} {is_large}"
        found = self.rows(f"SELECT ?x WHERE {{ {where} }} LIMIT {_SAMPLE}")
        return any(r["x"].get("datatype") == f"{_XSD}decimal" and r["x"]["value"].isdecimal() for r in found)

    def changed(self) -> tuple[str, ...]:
        """Literals that do not come as they were sent."""
        sent = [
            '"01"^^xsd:integer',
            '"1.50"^^xsd:decimal',
            '"a"@en-GB',
            '"2024-11"^^xsd:gYearMonth',
            '"1.0E3"^^xsd:double',
        ]
        found = []
        for literal in sent:
            try:
                rows = self.rows(f"PREFIX xsd: <{_XSD}> SELECT ?x WHERE {{ VALUES ?x {{ {literal} }} }}")
            except EngineRefusedError:
                found.append(f"{literal} is refused")
                continue
            came = rows[0]["x"] if rows else {}
            form = f'"{came.get("value")}"' + (f"@{came['xml:lang']}" if "xml:lang" in came else "")
            form += re.sub(rf"^{_XSD}", "^^xsd:", came["datatype"]) if "datatype" in came else ""
            if form != literal:
                found.append(f"{literal} becomes {form}")
        return tuple(found)
