"""Compares what a server over an engine answers with what the server does that has the data itself."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote, urlencode

import pyoxigraph as ox

from kg.publishing.questions import read_questions
from tests.http import BROWSER, ask, send

LENS: Final = "https://w3id.org/kelisim/lens/"
Compare = Callable[[str, str], bool]
"""Whether two servers, by their addresses, answer alike."""

PATHS: Final = (
    *("", "about", "states", "states/kazakhstan", "leaders", "leaders/vladimir-putin", "documents", "events", "trade"),
    *("sources", "sources/izv24", "conflicts", "questions", "lenses", "changes", "sitemap.xml", "robots.txt", "sparql"),
    *("search?q=Astana", "search?q=Токаев", "page/id/astana", "page/claim/izv24-p32-4", "page/ns", "ontology"),
    *("id/astana", "data/astana.ttl", "data/vladimir-putin.jsonld", "data/kazakhstan.nt", "openapi.json", "catalogue"),
    *("why?s=id:obs-kz-ru-trade-2023&p=kel:party&o=id:kazakhstan", "none", "id/none", "sparql?query=SELEKT"),
)
"""Pages, data and errors, with the status and type of which those of another server are compared."""

_LENSES: Final = ("everything", "as-of/2023-12-31", "source/mp23", "speaker/vladimir-putin", "modality/asserted")
_COUNTS: Final = (
    "SELECT (COUNT(*) AS ?n) FROM <{}> WHERE {{ ?s ?p ?o }}",
    "SELECT (COUNT(*) AS ?n) FROM <{}> WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }}",
)
_EXPLAINED: Final = """PREFIX kel: <https://w3id.org/kelisim/ns#> SELECT ?s ?p ?o WHERE {
  GRAPH <https://w3id.org/kelisim/graph/inferred> { ?s ?p ?o } VALUES ?p { kel:party kel:inState }
} ORDER BY ?s ?p ?o LIMIT 15"""


_ABUSE: Final = {
    "cross product": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "all pairs": "SELECT * { ?a ?b ?c . ?d ?e ?f }",
    "paths": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>)+ ?b . ?b (!<urn:y>)+ ?c }",
    "deep": "ASK { FILTER(" + "(" * 3000 + "1" + ")" * 3000 + ") }",
    "deep groups": "ASK " + "{ " * 20000 + "} " * 20000,
    "SERVICE": "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    "unknown graph": "SELECT * FROM <http://127.0.0.1:9/graph> { ?s ?p ?o }",
    "an engine's pragma": 'DEFINE input:inference "x" SELECT * { ?s ?p ?o } LIMIT 1',
    "malformed": "SELECT * { ?s ?p }",
    "wrong place": "SELECT ?x { ?x a ?y } GROUP BY ?y",
}


def questions() -> Iterator[tuple[str, Compare]]:
    """The competency questions: the same rows."""
    for question in read_questions():
        yield question.name, _same(lambda server, q=question.query: _bag(_get(ask(server, q, format="json"))))


def cited() -> Iterator[tuple[str, Compare]]:
    """The same with citations: each row with the same claims, sets of claims, certainty and number of sources."""
    for question in read_questions():
        yield (
            question.name,
            _same(lambda server, q=question.query: _cited(_get(ask(server, q, format="json", cite="true")))),
        )


def lenses() -> Iterator[tuple[str, Compare]]:
    """The numbers of triples through lenses, and questions through one."""
    for name in _LENSES:
        for count in _COUNTS:
            query = count.format(LENS + name)
            yield f"{name}: {count[:20]}", _same(lambda server, q=query: _bag(_get(ask(server, q, format="json"))))
    for question in read_questions()[::8]:
        if "FROM" not in question.query:
            more = {"default-graph-uri": f"{LENS}as-of/2023-12-31"}
            yield (
                f"as-of: {question.name}",
                _same(lambda server, q=question.query, m=more: _bag(_get(ask(server, q, format="json", **m)))),
            )


def abuse() -> Iterator[tuple[str, Compare]]:
    """Queries without end, too deep, or outward: the same errors, in time; less depth than in memory is enough."""
    for name, query in _ABUSE.items():
        enough = "400 application/problem+json" if name.startswith("deep") else ""

        def compare(one: str, other: str, query: str = query, enough: str = enough) -> bool:
            found = _refusal(one, query)
            return found == enough or found == _refusal(other, query)

        yield name, compare


def explanations(embedded: str) -> Iterator[tuple[str, Compare]]:
    """Why inferred triples are there; those that follow in few ways, since not all of many are told."""
    rows = json.loads(_get(ask(embedded, _EXPLAINED, format="json")))["results"]["bindings"]
    for row in rows:
        triple = {name: f"<{row[name]['value']}>" for name in "spo"}
        yield " ".join(triple.values()), _same(lambda server, t=triple: _words(_get(f"{server}why?{urlencode(t)}")))


def routes() -> Iterator[tuple[str, Compare]]:
    """Pages, data and errors: the same status and type, and words on the pages."""
    for path in PATHS:
        address = quote(path, safe="/?=&:%#")
        yield path or "/", _same(lambda server, p=address: _answered(f"{server}{p}"))


def _same(seen: Callable[..., Any]) -> Compare:
    return lambda one, other: bool(seen(one) == seen(other))


def _get(url: str) -> bytes:
    status, _, body = send(url, headers={"Accept-Language": "en"})
    if status != 200:
        raise AssertionError(f"{status}: {body[:500].decode(errors='replace')}")
    return body


def _answered(url: str) -> tuple[int, str]:
    status, headers, _ = send(url, headers={"Accept": BROWSER, "Accept-Language": "en"})
    return status, headers.get_content_type()


def _refusal(server: str, query: str) -> str:
    """How a query is refused: with 413, 503 and 504 alike, since limits of time and size race."""
    status, headers, _ = send(ask(server, query, timeout="20" if len(query) > 1000 else "2"))
    kind = headers.get_content_type()
    return f"{'limit' if status in (413, 503, 504) else status} {kind}"


def _words(page: bytes) -> Counter[str]:
    """The words of a page, in any order, without what names the state of the data or the server, as citations do."""
    text = re.sub(r'<details class="cite">.*?</details>', " ", page.decode(), flags=re.DOTALL)
    text = re.sub(r"<[^>]*>|[0-9a-f]{12,64}|counted-[\d-]+", " ", text)
    return Counter(re.findall(r"\w+", text))


def _bag(body: bytes) -> object:
    found = ox.parse_query_results(input=body, format=ox.QueryResultsFormat.JSON)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    return [v.value for v in found.variables], Counter(str(tuple(row)) for row in found)


def _cited(body: bytes) -> object:
    answer = json.loads(body)
    citations = answer["citations"]
    names = [claim["claim"] for claim in citations["claims"]]
    if "boolean" in answer:
        return answer["boolean"], sorted(names)
    rows = answer["results"]["bindings"] if "results" in answer else answer["triples"]
    told = [
        (
            json.dumps(row, sort_keys=True),
            sorted(names[c] for c in citation["claims"]),
            sorted(sorted(names[c] for c in way) for way in citation["sets"]),
            citation["certainty"],
            citation["sources"],
        )
        for row, citation in zip(rows, citations["rows"], strict=True)
    ]
    return sorted(told), sorted(json.dumps(claim, sort_keys=True) for claim in citations["claims"])
