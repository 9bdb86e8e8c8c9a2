"""Conflicts follow changes: after each they are what they would be if they were found anew."""

import random

import pyoxigraph as ox
import pytest

from kg.changes.staging import Change, stage
from kg.conflicts import following
from kg.conflicts.detection import detect
from kg.conflicts.terms import triples
from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.engine.reading import rows_of
from kg.rdf.patches import Patch
from ontology import PREFIXES
from ontology.namespaces import CONFLICT

PREFIX = "".join(f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in ("kel", "id", "code", "claim", "src", "xsd", "rdfs"))
INVESTMENT = """INSERT DATA {
  GRAPH claim:test-1 {
    id:test-figure a kel:Observation ; kel:measure code:measure-investment-stock ; kel:refArea id:russia ;
      kel:counterpartArea id:kazakhstan ; kel:value 5 ; kel:unit <http://qudt.org/vocab/unit/NUM> .
    id:test-other a kel:Observation ; kel:measure code:measure-investment-stock ; kel:refArea id:russia ;
      kel:counterpartArea id:kazakhstan ; kel:unit <http://qudt.org/vocab/unit/NUM> . }
  GRAPH claim:test-2 { id:test-other kel:value 9 }
  claim:test-1 a kel:Claim ; kel:modality code:asserted ; kel:speaker id:vladimir-putin .
  claim:test-2 a kel:Claim ; kel:modality code:reported ; kel:speaker id:kassym-jomart-tokayev .
}"""


def told(engine: Engine) -> set[ox.Triple]:
    """What the default graph has of conflicts."""
    return {q.triple for q in engine.quads(ox.DefaultGraph()) if str(q.subject).startswith(f"<{CONFLICT}")}


def claims_in(triples: set[ox.Triple]) -> set[str]:
    """The claims that tell the sides of conflicts."""
    return {str(t.object) for t in triples if t.predicate.value == PREFIXES["kel"] + "toldIn"}


def found_anew(engine: Engine) -> set[ox.Triple]:
    reader = rows_of(engine)
    return {*triples(reader, detect(reader))}


@pytest.fixture
def engine(dataset: Dataset) -> Engine:
    return Engine(dataset.quads)


def test_a_claim_makes_a_conflict_and_ends_it(engine: Engine) -> None:
    before = told(engine)
    patch = stage(engine, Change("update", PREFIX + INVESTMENT))
    assert claims_in(told(engine) - before) == {f"<{PREFIXES['claim']}test-{n}>" for n in (1, 2)}
    assert told(engine) == found_anew(engine)
    assert {q.triple for q in patch.adds} >= told(engine) - before, "the patch has them"
    gone = PREFIX + "DROP GRAPH claim:test-2 ; DELETE WHERE { claim:test-2 ?p ?o }"
    stage(engine, Change("update", gone))
    assert told(engine) == before


UPDATES = [
    "DROP GRAPH {claim} ; DELETE WHERE {{ {claim} ?p ?o }}",
    (
        "DELETE {{ {claim} kel:modality ?m }} INSERT {{ {claim} kel:modality code:{modality} }} "
        "WHERE {{ {claim} kel:modality ?m }}"
    ),
    "WITH {claim} DELETE {{ ?s kel:value ?v }} INSERT {{ ?s kel:value 3 }} WHERE {{ ?s kel:value ?v }}",
    "DELETE {{ ?x ?p ?o }} WHERE {{ ?x a kel:Conflict ; kel:hasSide/kel:toldIn {claim} ; ?p ?o }}",
    (
        "DELETE {{ ?x rdfs:label ?l }} INSERT {{ ?x rdfs:label ?new }} WHERE {{ ?c kel:conflictAbout ?x . "
        "?x rdfs:label ?l FILTER(LANG(?l) = 'en') BIND(STRLANG(CONCAT(?l, '{modality}'), 'en') AS ?new) }}"
    ),
    "DELETE {{ ?x kel:toldIn ?t }} INSERT {{ ?x kel:toldIn {claim} }} WHERE {{ ?c kel:hasSide ?x . ?x kel:toldIn ?t }}",
    "INSERT DATA {{ <https://w3id.org/kelisim/conflict/x> kel:conflictKind code:conflict-plan }}",
]


def test_random_changes(engine: Engine) -> None:
    chance = random.Random(7)
    claims = sorted(f"{g}" for g in engine.graphs() if "/claim/" in str(g))
    in_conflict = sorted(claims_in(told(engine)))
    for number in range(30):
        claim = chance.choice(in_conflict if number % 2 else claims)
        update = chance.choice(UPDATES).format(claim=claim, modality=chance.choice(["asserted", "denied", "possible"]))
        patch = stage(engine, Change("update", PREFIX + update))
        assert told(engine) == found_anew(engine), update
        assert {*patch.adds}.isdisjoint(patch.deletes)


def test_a_change_of_other_data_looks_for_none(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "TrackedConflicts", None)
    stage(engine, Change("update", "INSERT DATA { <urn:a> <urn:b> <urn:c> }"))


def test_a_store_of_many_claims_keeps_its_conflicts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_CLAIMS", 100)
    before = told(engine)
    stage(engine, Change("update", PREFIX + INVESTMENT))
    assert told(engine) == before


def test_claims_are_counted_again_only_where_they_may_be_few(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [q for q in engine.quads(ox.DefaultGraph()) if q.predicate.value == PREFIXES["kel"] + "modality"]
    monkeypatch.setattr(following, "MOST_CLAIMS", len(records) - 12)
    chance = random.Random(3)
    gone: list[ox.Quad] = []
    for _ in range(30):
        if chance.random() < 0.8:
            patch = Patch(deletes=(chance.choice([q for q in records if q not in gone]),))
            gone += patch.deletes
        else:
            patch = Patch(adds=tuple(gone[:1]))
            gone = gone[1:]
        engine.apply(patch)
        assert following._has_more_claims(engine, Patch()) == (len(gone) < 12)
