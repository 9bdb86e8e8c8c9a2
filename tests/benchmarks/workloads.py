"""What the servers are asked: sets of queries, and how they become HTTP requests.

`NUMBER` in a query stands for a number that grows with each request, so that no two are alike and no cache helps.
"""

from dataclasses import dataclass
from random import Random
from typing import Final
from urllib.parse import quote

from kg.publishing.questions import read_questions
from ontology import PREFIXES
from tests.benchmarks.data import MEASURES, OBSERVATIONS

JSON: Final = "application/sparql-results+json"
NUMBER: Final = "91919191"
MIX_SIZE: Final = 20
ZIPF_REQUESTS: Final = 20_000
MILLION: Final = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"
_PREFIXES: Final = "".join(
    f"PREFIX {p}: <{PREFIXES[p]}> " for p in ("claim", "code", "foaf", "id", "kel", "rdfs", "xsd")
)


@dataclass(frozen=True)
class Query:
    """A query with a name."""

    name: str
    text: str

    def numbered(self, number: int) -> str:
        """The text for the request of that number."""
        return self.text.replace(NUMBER, str(number))


def request(address: str, query: str, *, patient: bool = False) -> bytes:
    """An HTTP request for the query's answer as JSON; `address` is ``host:port/path``.

    `patient` is for one large answer on a connection of its own, which may take longer than Kelisim usually gives;
    others ignore timeout=.
    """
    host, _, path = address.partition("/")
    parameters = f"query={quote(query)}" + ("&timeout=120" if patient else "")
    connection = "Connection: close\r\n" if patient else ""
    mark = "&" if "?" in path else "?"
    return f"GET /{path}{mark}{parameters} HTTP/1.1\r\nHost: {host}\r\nAccept: {JSON}\r\n{connection}\r\n".encode()


def cached_mix() -> list[Query]:
    """Questions of the curated graph, asked again and again."""
    questions = read_questions()
    return [Query(q.name, q.query) for q in questions[:: max(1, len(questions) // MIX_SIZE)]][:MIX_SIZE]


def all_different(subjects: list[str]) -> list[Query]:
    """What is known of one thing: point lookups, each with a limit of its own that is never reached."""
    return [Query(s, f"SELECT ?p ?o WHERE {{ <{s}> ?p ?o }} LIMIT {NUMBER}") for s in subjects]


def asked(subjects: list[str]) -> list[Query]:
    """What many ask: of things, one after another in no order of theirs, and the questions among them."""
    things = [Query(s, f"SELECT ?p ?o WHERE {{ <{s}> ?p ?o }}") for s in subjects]
    found = [*things, *cached_mix()]
    Random(1).shuffle(found)
    return found


def by_zipf(queries: list[Query], number: int = ZIPF_REQUESTS) -> list[Query]:
    """So many requests for the queries: the first is asked most, the one of rank r a r-th as often (Zipf's law)."""
    weights = [1 / rank for rank in range(1, len(queries) + 1)]
    return Random(2).choices(queries, weights, k=number)


def small() -> list[Query]:
    """Lookups in the million triples: of one thing or a few."""
    return [_numbered(name, text) for name, text in _SMALL.items()]


def medium() -> list[Query]:
    """Joins, groups and sorting over 6,000 to 100,000 rows of the million triples."""
    return [_numbered(name, text) for name, text in _MEDIUM.items()]


def _numbered(name: str, text: str) -> Query:
    return Query(name, f"{_PREFIXES}{' '.join(text.split())} LIMIT {NUMBER}" if "LIMIT" not in text else _noted(text))


def _noted(text: str) -> str:
    """With the number in a comment, where the query has a limit that matters."""
    return f"{_PREFIXES}{' '.join(text.split())} # {NUMBER}"


_N: Final = OBSERVATIONS // 2

_SMALL: Final = {
    "one thing": f"SELECT ?p ?o WHERE {{ id:obs-{_N} ?p ?o }}",
    "what points to it": "SELECT ?s ?p WHERE { ?s ?p id:person-7 }",
    "one claim and its speaker": f"""
        SELECT ?gloss ?name ?state WHERE {{
          claim:c-{_N} kel:gloss ?gloss ; kel:speaker ?who . ?who rdfs:label ?name ; kel:represents ?state }}""",
    "two states": """
        SELECT ?o ?value WHERE { ?o kel:refArea id:state-3 ; kel:counterpartArea id:state-5 ; kel:value ?value }
        ORDER BY ?value""",
    "one graph": f"SELECT ?s ?p ?o WHERE {{ GRAPH claim:c-{_N} {{ ?s ?p ?o }} }}",
}

_MEDIUM: Final = {
    "count by state": """
        SELECT ?state (COUNT(*) AS ?n) WHERE { ?o kel:refArea ?state } GROUP BY ?state ORDER BY DESC(?n) ?state""",
    "sum by measure and year": """
        SELECT ?measure ?year (SUM(?v) AS ?sum) WHERE {
          ?o kel:measure ?measure ; kel:periodStart ?from ; kel:value ?v . BIND(YEAR(?from) AS ?year) }
        GROUP BY ?measure ?year ORDER BY ?measure ?year""",
    "greatest values": """
        SELECT ?o ?v ?label WHERE { ?o kel:value ?v ; rdfs:label ?label } ORDER BY DESC(?v) ?o LIMIT 100""",
    "claims by speaker": """
        SELECT ?who (COUNT(?claim) AS ?n) WHERE { ?claim kel:modality code:asserted ; kel:speaker ?who }
        GROUP BY ?who ORDER BY DESC(?n) ?who""",
    "one measure, sorted": f"""
        SELECT ?o ?a ?b ?v WHERE {{
          ?o kel:measure code:measure-{MEASURES // 2} ; kel:refArea ?a ; kel:counterpartArea ?b ; kel:value ?v }}
        ORDER BY ?a ?b ?v""",
    "graphs of one measure": """
        SELECT ?claim ?who WHERE { GRAPH ?claim { ?o kel:measure code:measure-3 } ?claim kel:speaker ?who }""",
    "distinct pairs": """
        SELECT DISTINCT ?a ?b WHERE { ?o kel:refArea ?a ; kel:counterpartArea ?b }""",
    "a period": """
        SELECT ?o ?from ?v WHERE { ?o kel:periodStart ?from ; kel:value ?v
          FILTER(?from >= "2005-01-01"^^xsd:date && ?from < "2012-01-01"^^xsd:date) }""",
    "words in labels": """
        SELECT ?o ?label WHERE { ?o a kel:TradeObservation ; rdfs:label ?label
          FILTER(CONTAINS(?label, "State 17 ")) }""",
    "speakers by state": """
        SELECT ?label (COUNT(*) AS ?n) WHERE {
          ?claim kel:speaker ?who . ?who kel:represents ?state . ?state rdfs:label ?label }
        GROUP BY ?label ORDER BY ?label""",
    "who does not trade": """
        SELECT ?state WHERE { ?state a kel:State
          FILTER NOT EXISTS { ?o kel:refArea ?state ; kel:counterpartArea id:state-9 } } ORDER BY ?state""",
    "all glosses": "SELECT ?claim ?gloss WHERE { ?claim kel:gloss ?gloss }",
}
