"""How many queries an engine gets for one page of each kind, when nothing is remembered of the data."""

import hashlib
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from kg.curation.dataset import Dataset
from kg.upload.names import PUBLISHED_GRAPH
from ontology.namespaces import PREFIXES
from tests.conftest import Serving, serving
from tests.engines.fake import FakeEngine
from tests.http import BROWSER, get_json, send
from tests.waiting import becomes

_LINKS = "SELECT ?s ?o { ?s <https://w3id.org/kelisim/ns#inState> ?o } LIMIT 10"
MOST = {
    "": 12,
    "states": 20,
    "leaders": 20,
    "documents": 26,
    "events": 25,
    "trade": 18,
    "claims": 18,
    "claims?speaker=yury-ushakov&certainty=planned&text=summit": 22,
    "claims.csv?kind=figure": 14,
    "documents?speaker=izvestia": 36,
    "trade.xlsx": 16,
    "downloads": 6,
    "sources": 8,
    "conflicts": 30,
    "questions": 4,
    "lenses": 10,
    "page/id/kazakhstan": 62,
    "page/id/vladimir-putin": 45,
    "page/id/astana": 25,
    "page/claim/izv24-p32-4": 20,
    "data/astana.ttl": 16,
    "why?s=id:obs-kz-ru-trade-2023&p=kel:party&o=id:kazakhstan": 30,
    "catalogue": 8,
    f"sparql?{urlencode({'query': _LINKS, 'format': 'json'})}": 1,
    f"sparql?{urlencode({'query': _LINKS, 'format': 'json', 'cite': 'true'})}": 20,
}
"""By the address of a page or of data: the most queries for it. They leave some room, and not for a query
for each triple of a page."""

_ONCE = (f"GRAPH <{PUBLISHED_GRAPH}>", "SELECT ?s ?o ?claim WHERE { GRAPH ?claim", "SELECT ?claim ?modality ?speaker")
"""What is asked besides, whatever the pages: whether the data have changed, and after each change for conflicts."""

_BESIDE = 8
"""How many other queries for conflicts may come at the same time."""

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def engine(dataset: Dataset) -> Iterator[FakeEngine]:
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    published = ox.NamedNode(PUBLISHED_GRAPH)
    store.add(ox.Quad(published, ox.NamedNode(f"{PREFIXES['dcterms']}identifier"), ox.Literal("0" * 64), published))
    with FakeEngine(store) as running:
        yield running


@pytest.fixture(scope="module")
def connected(kelisim: str, engine: FakeEngine) -> Iterator[Serving]:
    with serving(kelisim, "--engine", engine.url, "--engine-poll", "0.2") as running:
        yield running


def forget(connected: Serving, engine: FakeEngine) -> None:
    """Has the server take the data for others, so that it forgets what it has read."""
    digest = hashlib.sha256(str(next(_NUMBERS)).encode()).hexdigest()
    engine.store.update(
        f"DELETE {{ GRAPH ?g {{ ?g <http://purl.org/dc/terms/identifier> ?o }} }} "
        f"INSERT {{ GRAPH ?g {{ ?g <http://purl.org/dc/terms/identifier> '{digest}' }} }} "
        f"WHERE {{ GRAPH ?g {{ ?g <http://purl.org/dc/terms/identifier> ?o }} FILTER(?g = <{PUBLISHED_GRAPH}>) }}"
    )
    assert becomes(lambda: get_json(f"{connected.address}ready")["engine"]["data"] == digest, 60)


@pytest.mark.parametrize("page", MOST)
def test_a_page_costs_so_many_queries_at_most(connected: Serving, engine: FakeEngine, page: str) -> None:
    forget(connected, engine)
    begun = len(engine.asked)
    status, _, _ = send(f"{connected.address}{page}", headers={"Accept": BROWSER})
    asked = [query for query in engine.asked[begun:] if not any(part in query for part in _ONCE)]
    assert status == 200
    assert 1 <= len(asked) <= MOST[page] + _BESIDE, "\n".join(query[:200] for query in asked)
