"""What is published to engines of each kind, what is sent again, what is refused, and what readers see meanwhile."""

import threading

import pyoxigraph as ox
import pytest

import kg.upload.publication
from kg.upload.manifest import read_manifest
from kg.upload.names import DEFAULT_GRAPH, PROBE_GRAPH, PUBLISHED_GRAPH, STAGED_GRAPH
from ontology import KelisimError
from tests.engines.server import EngineServer
from tests.kg.upload.samples import EX, canonical, connection, held, publish, quad, sample


def graphs(server: EngineServer) -> set[str]:
    rows = connection(server).select("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
    return {row["g"].value for row in rows if isinstance(row["g"], ox.NamedNode)}


@pytest.mark.parametrize(("by_graph_store", "staged"), [(False, 200_000), (True, 0)])
def test_all_is_there_and_told(
    server: EngineServer, by_graph_store: bool, staged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kg.upload.publication, "STAGED_QUADS", staged)
    quads = sample()
    report = publish(server, quads, graphs=by_graph_store)
    assert held(server) == canonical(quads)
    assert report.added == report.quads == len(quads)
    assert report.way == ("staged" if staged else "in place")
    assert report.atomic is bool(staged)
    assert report.default_graph == (DEFAULT_GRAPH if server.union_default_graph else "")
    manifest = read_manifest(connection(server))
    assert manifest
    assert (manifest.digest, manifest.count) == (report.digest, len(quads))
    assert {STAGED_GRAPH, PROBE_GRAPH}.isdisjoint(graphs(server))


def test_again_only_what_changed_is_sent(server: EngineServer) -> None:
    quads = sample()
    publish(server, quads)
    again = publish(server, quads)
    assert (again.way, again.added, again.removed) == ("nothing", 0, 0)
    old, new = quad("thing/7", "near", "thing/8"), quad("thing/7", "near", "thing/9")
    claim = quad("thing/7", "near", "thing/8", "claim/7"), quad("thing/7", "near", "thing/9", "claim/7")
    changed = quads - {old, claim[0]} | {new, claim[1]}
    report = publish(server, changed)
    assert (report.added, report.removed, report.parts) == (2, 2, 2)
    assert report.unchanged > 40
    assert held(server) == canonical(changed)


def test_graphs_that_went_are_removed_and_others_stay(server: EngineServer) -> None:
    quads = sample()
    foreign = f'<{EX}s> <{EX}p> "of others"'
    publish(server, quads)
    connection(server).update(f"INSERT DATA {{ GRAPH <{EX}foreign> {{ {foreign} }} }}")
    gone = ox.NamedNode(EX + "claim/3")
    left = {q for q in quads if q.graph_name != gone}
    publish(server, left)
    assert gone.value not in graphs(server)
    assert held(server) == canonical(left) | {quad("s", "p", ox.Literal("of others"), "foreign")}


def test_what_is_not_ours_is_not_touched_unless_told(server: EngineServer) -> None:
    other = quad("thing/1", "near", "elsewhere", "claim/1")
    connection(server).update(f"INSERT DATA {{ GRAPH <{EX}claim/1> {{ {other.triple} }} }}")
    with pytest.raises(KelisimError, match=r"1 triples in <http://example.org/claim/1>.*--overwrite"):
        publish(server, sample())
    assert held(server) == {other}
    report = publish(server, sample(), overwrite=True)
    assert report.removed == 1
    assert held(server) == canonical(sample())


def test_a_dry_run_writes_nothing(server: EngineServer) -> None:
    report = publish(server, sample(), dry=True)
    assert (report.way, report.added) == ("dry run", len(sample()))
    assert held(server) == set()
    publish(server, sample())
    before = read_manifest(connection(server))
    report = publish(server, sample(251), dry=True)
    assert (report.added, report.removed) == (4, 0)
    assert read_manifest(connection(server)) == before
    assert held(server) == canonical(sample())


def test_what_others_change_is_found_and_mended(server: EngineServer) -> None:
    quads = sample()
    publish(server, quads)
    lost = quad("thing/5", "near", "thing/6", "claim/5")
    connection(server).update(f"DELETE DATA {{ GRAPH <{EX}claim/5> {{ {lost.triple} }} }}")
    with pytest.raises(KelisimError, match="claim/5: 14 triples, not 15"):
        publish(server, quads)
    assert publish(server, quads).added == 1
    assert held(server) == canonical(quads)


def test_readers_see_a_version_whole(server: EngineServer) -> None:
    """Each version has the same number of labels with the number of the version, in 40 graphs and the default graph."""

    def version(number: int) -> set[ox.Quad]:
        labels = [(n, ox.Literal(f"version {number}")) for n in range(200)]
        named = {quad(f"thing/{n}", "label", label, f"claim/{n % 40}") for n, label in labels}
        return named | {ox.Quad(q.subject, q.predicate, q.object) for q in named}

    publish(server, version(0))
    pattern = f"GRAPH ?g {{ ?s <{EX}label> ?o }}"
    default = f"GRAPH <{DEFAULT_GRAPH}> {{ ?s <{EX}label> ?o }}" if server.union_default_graph else f"?s <{EX}label> ?o"
    query = f"SELECT ?o (COUNT(*) AS ?n) WHERE {{ {{ {pattern} }} UNION {{ {default} }} }} GROUP BY ?o"
    expected = 600 if server.union_default_graph else 400  # where the default graph is one of the named graphs
    seen, stop = list[tuple[str, ...]](), threading.Event()

    def read() -> None:
        there = connection(server)
        while not stop.is_set():
            rows = there.select(query)
            seen.append(tuple(sorted(f"{row['o'].value}: {row['n'].value}" for row in rows)))  # type: ignore[union-attr]

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, 4):
            assert publish(server, version(number)).added == 400
    finally:
        stop.set()
        reader.join()
    whole = {(f"version {number}: {expected}",) for number in range(4)}
    assert len(set(seen)) > 1
    assert set(seen) <= whole


def test_the_published_graph_tells_the_version(server: EngineServer) -> None:
    """As any client reads it, such as a server on the engine."""
    report = publish(server, sample())
    pattern = f"<{PUBLISHED_GRAPH}> <http://purl.org/dc/terms/identifier> ?d"
    query = f"SELECT ?d WHERE {{ GRAPH <{PUBLISHED_GRAPH}> {{ {pattern} }} }}"
    assert [row["d"] for row in connection(server).select(query)] == [ox.Literal(report.digest)]


def test_names_that_publishing_needs_and_triple_terms_are_refused(server: EngineServer) -> None:
    reserved = ox.Quad(ox.NamedNode(EX), ox.NamedNode(EX), ox.NamedNode(EX), ox.NamedNode(STAGED_GRAPH))
    with pytest.raises(KelisimError, match="Rename it"):
        publish(server, [reserved])
    inner = ox.Triple(ox.NamedNode(EX), ox.NamedNode(EX), ox.NamedNode(EX))
    with pytest.raises(KelisimError, match="triple terms"):
        publish(server, [ox.Quad(ox.NamedNode(EX), ox.NamedNode(EX), inner)])
    assert held(server) == set()
