"""An independent client crawls the linked data from the home page, over RDF alone.

It knows HTTP, RDF, and that the host under test serves the dataset's IRIs; it uses no code of the project.
"""

import json
import re
import urllib.parse
import urllib.request
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from rdflib import Dataset, Graph, URIRef

# rdflib uses its own deprecated functions.
pytestmark = pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph):DeprecationWarning")

BASE = "https://w3id.org/kelisim/"
READERS = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
    "application/trig": "trig",
    "application/n-quads": "nquads",
}
WITH_GRAPHS = {"application/ld+json", "application/trig", "application/n-quads"}
SAMPLE = 3


@dataclass(frozen=True)
class Answer:
    """A response: final URL, media type, links (relation, type, URL), body."""

    url: str
    media_type: str
    links: list[tuple[str, str, str]]
    body: bytes


@dataclass
class Crawl:
    """The result of a crawl: the dataset's IRIs by document, and each document's mentioned IRIs and first response."""

    found: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    mentions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    answers: dict[str, Answer] = field(default_factory=dict)


def get(url: str, accept: str) -> Answer:
    """Requests a URL, following redirects; raises on any status but 200."""
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=60) as response:
        links = []
        for target, parameters in re.findall(r"<([^>]*)>([^,<]*)", response.headers.get("Link", "")):
            given = dict(re.findall(r'(\w+)="([^"]*)"', parameters))
            links.append((given["rel"], given.get("type", ""), urllib.parse.urljoin(response.url, target)))
        return Answer(response.url, response.headers.get_content_type(), links, response.read())


def parse(answer: Answer) -> set[str]:
    """All IRIs of the dataset in a response, in any position and graph."""
    graph: Graph = Dataset() if answer.media_type in WITH_GRAPHS else Graph()
    graph.parse(data=answer.body, format=READERS[answer.media_type], publicID=answer.url)
    rows = graph.quads() if isinstance(graph, Dataset) else graph.triples((None, None, None))
    return {str(t) for row in rows for t in row if isinstance(t, URIRef) and str(t).startswith(BASE)}


def located(iri: str, server: str) -> str:
    """The URL of a document on the host under test."""
    return server + iri.removeprefix(BASE)


def visit(document: str, server: str) -> tuple[str, Answer, set[str]]:
    """Requests all pages of a document in Turtle: its URL, the first response, and the IRIs in all of them."""
    first = answer = get(located(document, server), "text/turtle")
    assert answer.media_type == "text/turtle", document
    mentioned = parse(answer)
    while following := [url for relation, _, url in answer.links if relation == "next"]:
        answer = get(following[0], "text/turtle")
        mentioned |= parse(answer)
    return document, first, mentioned


@pytest.fixture(scope="module")
def crawl(server: str) -> Crawl:
    home = get(server, "text/html")
    (start,) = [url for relation, kind, url in home.links if (relation, kind) == ("alternate", "text/turtle")]
    crawl = Crawl()
    waiting = {iri.partition("#")[0] for iri in note(crawl, parse(get(start, "text/turtle")))}
    with ThreadPoolExecutor(4) as clients:
        while waiting:
            now, waiting = sorted(waiting), set()
            for document, answer, mentioned in clients.map(lambda each: visit(each, server), now):
                crawl.answers[document], crawl.mentions[document] = answer, mentioned
                waiting |= {iri.partition("#")[0] for iri in note(crawl, mentioned)}
            waiting -= set(crawl.answers)
    return crawl


def note(crawl: Crawl, iris: set[str]) -> set[str]:
    for iri in iris:
        crawl.found[iri.partition("#")[0]].add(iri)
    return iris


def test_every_iri_found_is_mentioned_where_it_leads(crawl: Crawl) -> None:
    assert len(crawl.answers) > 1000
    for document, iris in crawl.found.items():
        # A namespace IRI that ends in # is that of its document.
        assert {iri.removesuffix("#") for iri in iris} <= crawl.mentions[document] | {document}, document
        assert document in crawl.mentions[document], document


def test_all_that_the_endpoint_holds_was_found(crawl: Crawl, server: str) -> None:
    query = f"""SELECT DISTINCT ?s WHERE {{
      {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} FILTER STRSTARTS(STR(?s), "{BASE}")
    }}"""
    url = f"{server}sparql?{urllib.parse.urlencode({'query': query})}"
    rows = json.loads(get(url, "application/sparql-results+json").body)["results"]["bindings"]
    held = {row["s"]["value"] for row in rows}
    assert len(held) > 1000
    assert held - {iri for iris in crawl.found.values() for iri in iris} == set()


def test_every_format_of_every_kind_parses_and_mentions_its_subject(crawl: Crawl) -> None:
    kinds = defaultdict(list)
    for document in sorted(crawl.answers):
        kinds[re.split("[/#]", document.removeprefix(BASE))[0]].append(document)
    assert {"", "id", "code", "claim", "source", "ns", "catalogue", "graph"} <= set(kinds)
    for kind, documents in kinds.items():
        for document in documents[:: max(1, len(documents) // SAMPLE)]:
            first = crawl.answers[document]
            asked = {(first.url, media_type) for media_type in READERS}
            if kind not in ("service", "question"):  # these are described by the endpoint and the questions together
                alternates = {kind: url for relation, kind, url in first.links if relation == "alternate"}
                asked |= {(alternates[media_type], media_type) for media_type in READERS}
            for url, media_type in asked:
                answer = get(url, media_type)
                assert answer.media_type == media_type, url
                assert document in parse(answer), url
