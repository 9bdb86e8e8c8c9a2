"""Conflicts in words: what about, who says which, and why it may be none; see `kg.conflicts`."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import pyoxigraph as ox

from kg.conflicts.detection import detect
from kg.conflicts.kinds import KINDS
from kg.conflicts.model import Conflict, Side, code
from kg.language.labels import Label, labels, preferred_label
from kg.store.reader import Reader, nodes
from kg.views.footnotes import Footnote, footnotes
from kg.views.notes import Notes
from ontology.namespaces import KEL, PREFIXES

PAGE_SIZE: Final = 20

COLUMNS: Final = (
    *("conflict", "kind", "about", "about_label", "side", "value", "value_label", "thing", "thing_label", "claim"),
    *("speaker", "speaker_label", "modality", "modality_label", "article", "article_label", "paragraph"),
    *("published", "gloss", "caveats"),
)
"""The columns of the table of conflicts, a row for each claim of a side.

Several values are separated by spaces, and several labels by semicolons.
"""

_BATCH: Final = 500
_DEFINITION: Final = PREFIXES["skos"] + "definition"


@dataclass(frozen=True)
class Conflicts:
    """All conflicts of one version of the data, and those in which a thing takes part."""

    every: tuple[Conflict, ...] = ()

    @cached_property
    def by_thing(self) -> Mapping[str, tuple[Conflict, ...]]:
        """The conflicts of each thing that one is about, that bears one of its sides, or that is told there."""
        found: dict[str, list[Conflict]] = defaultdict(list)
        for conflict in self.every:
            for thing in conflict.things:
                found[thing].append(conflict)
        return {thing: tuple(several) for thing, several in found.items()}

    @cached_property
    def by_claim(self) -> Mapping[str, tuple[Conflict, ...]]:
        """The conflicts of each claim."""
        found: dict[str, list[Conflict]] = defaultdict(list)
        for conflict in self.every:
            for claim in conflict.claims:
                found[claim].append(conflict)
        return {claim: tuple(several) for claim, several in found.items()}

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that occur, in order."""
        present = {conflict.kind for conflict in self.every}
        return tuple(kind for kind in KINDS if kind in present)

    @cached_property
    def things(self) -> tuple[str, ...]:
        """What the conflicts are about, sorted."""
        return tuple(sorted({thing for conflict in self.every for thing in conflict.about}))

    def chosen(self, kind: str = "", thing: str = "") -> Sequence[Conflict]:
        """Those of a kind and in which a thing or claim takes part; empty stands for any."""
        among = (self.by_thing.get(thing) or self.by_claim.get(thing, ())) if thing else self.every
        return [each for each in among if kind in {"", each.kind}]


def read_conflicts(reader: Reader) -> Conflicts:
    """Detects the conflicts of the current version."""
    return Conflicts(tuple(detect(reader)))


@dataclass(frozen=True, kw_only=True)
class ConflictNotes(Notes):
    """The footnotes of conflicts, the labels of what takes part in them, and the reasons of their caveats.

    printed: the figures as their sources print them, by IRI.
    """

    reasons: Mapping[str, Label] = field(default_factory=dict)
    printed: Mapping[str, str] = field(default_factory=dict)

    def reason(self, caveat: str) -> Label:
        """Why something may be no conflict, as a sentence; the label of the caveat if there is none."""
        iri = code(f"caveat-{caveat}")
        return self.reasons.get(iri) or self.name(iri)

    def kind(self, conflict: Conflict) -> Label:
        """The label of the kind of a conflict."""
        return self.name(code(f"conflict-{conflict.kind}"))

    def told(self, side: Side) -> list[Footnote]:
        """The claims of a side that have a record, in order."""
        return [self.footnotes[claim] for claim in side.claims if claim in self.footnotes]


def conflict_notes(reader: Reader, shown: Iterable[Conflict], language: str) -> ConflictNotes:
    """What is needed to tell of conflicts in a language."""
    given = list(shown)
    caveats = {code(f"caveat-{name}") for each in given for name in each.caveats}
    named = {iri for each in given for iri in (each.on, code(f"conflict-{each.kind}"), *each.about)} - {""}
    named |= {iri for each in given for side in each.sides for iri in side.things}
    named |= {value_iri(v) for each in given for side in each.sides for v in side.values} - {""}
    return ConflictNotes(
        footnotes=footnotes(reader, (claim for each in given for claim in each.claims), language),
        names=labels(reader, named | caveats, language),
        reasons=_definitions(reader, caveats, language),
        printed=_printed(
            reader, (iri for each in given if each.kind == "figures" for s in each.sides for iri in s.things)
        ),
    )


def value_iri(value: object) -> str:
    """The value if it is an IRI, else empty."""
    return value.value if isinstance(value, ox.NamedNode) else ""


def value_labels(side: Side, notes: ConflictNotes) -> list[str]:
    """The values of a side as readers have them: the labels of things, and literals as they are."""
    return [str(notes.name(iri)) if (iri := value_iri(value)) else value.value for value in side.values]


def as_json(each: Conflict, notes: ConflictNotes) -> dict[str, Any]:
    """A conflict as JSON values."""

    def named(iri: str) -> dict[str, str]:
        return {"iri": iri, "label": str(notes.name(iri))}

    return {
        "iri": each.iri,
        "kind": {"iri": code(f"conflict-{each.kind}"), "name": each.kind, "label": str(notes.kind(each))},
        "about": [named(iri) for iri in each.about],
        "property": each.on or None,
        "propertyLabel": str(notes.name(each.on)) if each.on else None,
        "sides": [
            {
                "values": [named(iri) if (iri := value_iri(v)) else {"value": v.value} for v in side.values],
                "things": [named(iri) for iri in side.things],
                "printed": sorted({notes.printed[iri] for iri in side.things if iri in notes.printed}),
                "claims": [_claim(note) for note in notes.told(side)],
            }
            for side in each.sides
        ],
        "caveats": [
            {**named(code(f"caveat-{name}")), "name": name, "why": str(notes.reason(name))}
            for name in each.ordered_caveats
        ],
    }


def as_csv(shown: Iterable[Conflict], notes: ConflictNotes) -> str:
    """Conflicts as a table with the `COLUMNS`."""

    def named(iris: Iterable[str]) -> tuple[str, str]:
        several = [*iris]
        return " ".join(several), "; ".join(str(notes.name(iri)) for iri in several)

    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(COLUMNS)
    for each in shown:
        for number, side in enumerate(each.sides, 1):
            told = " ".join(v.value for v in side.values), "; ".join(value_labels(side, notes))
            head = (each.iri, each.kind, *named(each.about), number, *told, *named(side.things))
            for note in notes.told(side):
                who = note.claim, note.speaker, note.speaker_label, note.modality, note.modality_label
                where = note.article, note.article_label, note.paragraph, note.published
                writer.writerow((*head, *who, *where, note.gloss, " ".join(each.ordered_caveats)))
    return output.getvalue()


def _claim(note: Footnote) -> dict[str, Any]:
    return {
        "iri": note.claim,
        "gloss": note.gloss,
        "speaker": {"iri": note.speaker, "label": str(note.speaker_label)},
        "modality": {"iri": note.modality, "label": str(note.modality_label)},
        "article": {"iri": note.article, "label": str(note.article_label)},
        "paragraph": note.paragraph,
        "passage": note.passage,
        "published": note.published,
    }


def _printed(reader: Reader, iris: Iterable[str]) -> dict[str, str]:
    wanted = sorted(set(iris))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _BATCH):
        where = f"VALUES ?x {{ {nodes(wanted[start : start + _BATCH])} }} GRAPH ?claim {{ ?x <{KEL.asWritten}> ?text }}"
        rows = reader.rows(f"SELECT DISTINCT ?x ?text WHERE {{ {where} }} LIMIT {10 * _BATCH}")
        found |= {str(row["x"].value): str(row["text"].value) for row in rows}
    return found


def _definitions(reader: Reader, iris: Iterable[str], language: str) -> dict[str, Label]:
    wanted = set(iris)
    if not wanted:
        return {}
    texts: dict[str, list[ox.Literal]] = defaultdict(list)
    where = f"VALUES ?code {{ {nodes(wanted)} }} ?code <{_DEFINITION}> ?text"
    for row in reader.rows(f"SELECT ?code ?text WHERE {{ {where} }} LIMIT 1000"):
        if isinstance(row["text"], ox.Literal):
            texts[str(row["code"].value)].append(row["text"])
    return {iri: preferred_label(several, language) for iri, several in texts.items()}
