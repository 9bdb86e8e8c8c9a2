"""What is tracked from patch to patch is what is found anew of the whole store, for generated changes of any kind."""

import random
from collections.abc import Callable

import pyoxigraph as ox
import pytest

from kg.changes.staging import Change
from kg.conflicts import tracking
from kg.conflicts.detection import RULES, Grounds, detect
from kg.conflicts.evidence import PROPERTIES
from kg.conflicts.terms import triples
from kg.conflicts.tracking import TrackedConflicts
from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.engine.reading import rows_of
from kg.rdf.patches import Patch
from kg.rdf.patches import parse as parse_patch
from kg.workers.staging import Stager
from ontology import PREFIXES
from ontology.namespaces import CONFLICT, KEL

OF_RECORDS = {str(KEL[n]) for n in ("modality", "speaker", "passage", "article", "basis", "curatorConfidence")}
OF_OTHERS = {str(KEL[n]) for n in ("earliest", "latest", "holder", "office", "locatedIn")} | {
    PREFIXES["org"] + name for name in ("role", "postIn", "memberOf")
}
DENIED = ox.NamedNode(f"{PREFIXES['code']}denied")
MODALITY = ox.NamedNode(str(KEL.modality))
TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")


MEMORY = 1 << 50
"""No process of tests has so much of its own."""


class Changes:
    """Random changes of a store like those that matter to conflicts, and often undone by later ones."""

    def __init__(self, quads: list[ox.Quad], seed: int) -> None:
        self._chance = random.Random(seed)
        default = [q for q in quads if isinstance(q.graph_name, ox.DefaultGraph)]
        read = OF_RECORDS | OF_OTHERS
        self._of_records = [q for q in default if q.predicate.value in read or q.predicate == TYPE]
        self._of_claims = [q for q in quads if q.predicate.value in PROPERTIES and "/claim/" in str(q.graph_name)]
        self._in_conflict = [q for q in self._of_claims if q.predicate.value.endswith(("value", "latest", "status"))]
        self._values: dict[str, list[ox.Quad]] = {}
        for quad in (*self._of_records, *self._of_claims):
            self._values.setdefault(quad.predicate.value, []).append(quad)

    def next(self) -> Patch:
        """The next change: some quads go, and some come that are like others."""
        deletes, adds = set[ox.Quad](), set[ox.Quad]()
        for _ in range(self._chance.choice([1, 1, 2, 4])):
            kind = self._chance.choice([self._of_records, self._of_claims, self._of_claims, self._in_conflict])
            quad, other = self._chance.choice(kind), self._chance.choice(self._of_claims)
            same = self._chance.choice(self._values[quad.predicate.value])
            changed = self._chance.choice(
                [
                    ox.Quad(quad.subject, quad.predicate, same.object, quad.graph_name),
                    ox.Quad(same.subject, quad.predicate, quad.object, quad.graph_name),
                    ox.Quad(quad.subject, quad.predicate, quad.object, same.graph_name),
                    ox.Quad(quad.subject, quad.predicate, same.object, same.graph_name),
                    ox.Quad(ox.NamedNode(str(other.graph_name)[1:-1]), MODALITY, DENIED, ox.DefaultGraph()),
                    quad,
                ]
            )
            if self._chance.random() < 0.6:
                deletes.add(quad)
            if self._chance.random() < 0.6:
                adds.add(changed)
        return Patch(tuple(deletes - adds), tuple(adds))


@pytest.fixture(scope="module")
def quads(dataset: Dataset) -> list[ox.Quad]:
    return sorted(dataset.quads, key=str)


@pytest.mark.parametrize("seed", range(3))
def test_tracked_conflicts_are_those_of_the_whole(quads: list[ox.Quad], seed: int) -> None:
    """Told of a patch once, twice, or of a change and its end: the same conflicts, with the same sides and caveats."""
    engine, chance = Engine(quads), random.Random(seed)
    reader, changes = rows_of(engine), Changes(quads, seed)
    tracked, seen = TrackedConflicts(reader), set[str]()
    assert tracked.conflicts(reader) == detect(reader)
    for _ in range(30):
        patch = changes.next()
        before = engine.store
        effective = Patch(
            tuple(q for q in patch.deletes if q in before), tuple(q for q in patch.adds if q not in before)
        )
        engine.apply(patch)
        for _ in range(chance.choice([1, 2])):
            tracked.apply(patch)
        if chance.random() < 0.3:
            if chance.random() < 0.5:
                tracked.conflicts(reader)
            engine.apply(effective.inverse())
            tracked.apply(effective.inverse())
        if chance.random() < 0.6:
            found = tracked.conflicts(reader)
            assert found == detect(reader)
            seen |= {repr(each) for each in found}
    assert tracked.conflicts(reader) == detect(reader)
    assert len(seen) > 10, "there was something to find"


def written(patch: Patch) -> str:
    """An update that does what a patch does."""
    parts = []
    for word, quads in (("DELETE", patch.deletes), ("INSERT", patch.adds)):
        blocks = (
            f"{q.subject} {q.predicate} {q.object}"
            if isinstance(q.graph_name, ox.DefaultGraph)
            else f"GRAPH {q.graph_name} {{ {q.subject} {q.predicate} {q.object} }}"
            for q in quads
        )
        parts.append(f"{word} DATA {{ {' . '.join(blocks)} }}" if quads else "")
    return " ;\n".join(filter(None, parts))


def told(engine: Engine) -> set[ox.Triple]:
    return {q.triple for q in engine.quads(ox.DefaultGraph()) if str(q.subject).startswith(f"<{CONFLICT}")}


@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_stages_changes_tells_the_conflicts_of_what_is_committed(
    quads: list[ox.Quad], seed: int
) -> None:
    """Changes are staged, undone, refused or committed by one process, as the server does; some drop whole graphs."""
    kept, chance, changes = Engine(quads), random.Random(seed), Changes(quads, seed)
    stager, graphs = Stager(kept, MEMORY), sorted((g for g in kept.graphs() if "/claim/" in str(g)), key=str)
    committed, tracked = 0, 0
    for number in range(16):
        text = written(changes.next()) or "DELETE DATA { <urn:x> <urn:x> <urn:x> }"
        if number % 4 == 1:
            text += f" ;\nDROP SILENT GRAPH {chance.choice(graphs)}"
        outcome, body = stager.stage(Change("update", text), [])
        assert not outcome.retires, text
        stager.undo()
        tracked += TrackedConflicts in kept.lasting
        if outcome.kind == "ok" and chance.random() < 0.8:
            committed += 1
            kept.apply(parse_patch(body))
            reader = rows_of(kept)
            assert told(kept) == {*triples(reader, detect(reader))}, text
    assert committed > 1
    assert tracked > 10


def test_only_what_a_change_concerns_is_looked_at_again(quads: list[ox.Quad], monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[int] = []

    def counted(number: int) -> Callable[[Grounds], object]:
        def rule(of: Grounds) -> object:
            run.append(number)
            return RULES[number](of)

        return rule

    monkeypatch.setattr(tracking, "RULES", tuple(map(counted, range(len(RULES)))))
    engine = Engine(quads)
    reader = rows_of(engine)
    tracked = TrackedConflicts(reader)
    tracked.conflicts(reader)
    assert sorted(run) == [*range(len(RULES))]
    run.clear()
    subject = ox.NamedNode("urn:thing")
    claim = next(q.graph_name for q in quads if "/claim/" in str(q.graph_name))
    for name, expected in (("trend", 1), ("topic", 0)):
        patch = Patch(adds=(ox.Quad(subject, ox.NamedNode(str(KEL[name])), subject, claim),))
        engine.apply(patch)
        tracked.apply(patch)
        tracked.conflicts(reader)
        assert len(run) == expected
        run.clear()
