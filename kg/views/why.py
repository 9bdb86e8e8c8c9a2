"""Why a triple is in the graph, with labels and footnotes: the claims that tell it, and how it follows from others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

import msgspec
import pyoxigraph as ox

from kg.inference.explanation import Explanation, Step, Way
from kg.language.labels import labels
from kg.language.messages import gettext_noop
from kg.store.reader import Reader
from kg.views.footnotes import Footnote, footnotes
from kg.views.notes import Notes
from ontology import published_triples
from ontology.namespaces import CLAIM, PREFIXES, SKOLEM, SRC

RULES: Final[Mapping[str, str]] = {
    "cax-sco": gettext_noop("What belongs to a class belongs to the classes above it."),
    "prp-spo1": gettext_noop("What stands in a property stands in the properties above it."),
    "prp-inv1": gettext_noop("A property is read in the other direction."),
    "prp-inv2": gettext_noop("A property is read in the other direction."),
    "prp-trp": gettext_noop("Steps of a transitive property add up."),
    "prp-spo2": gettext_noop("A chain of two properties makes a third."),
    "prp-dom": gettext_noop("What has the property belongs to the property's domain."),
    "prp-rng": gettext_noop("A value of the property belongs to the property's range."),
    "cls-avf": gettext_noop("All values that the property has in this class belong to one class."),
    "kel:about": gettext_noop("A fact of the claim speaks of it."),
    "kel:strongestModality": gettext_noop("A claim tells of it in this modality."),
    "kel:latestStatus": gettext_noop("The newest article that tells its status tells this one."),
    "kel:documentOf": gettext_noop("By its outcome, a stage, its package or the bigger event."),
}
"""What each rule says, in English; its name is that of OWL 2 Profiles, section 4.3, or the property it derives."""

ABSENCES: Final[Mapping[str, str]] = {
    "kel:strongestModality": gettext_noop("It rests on no claim's telling of it more surely."),
    "kel:latestStatus": gettext_noop("It rests on no later article's telling its status."),
}
"""What a rule's conclusion rests on beside its premises, where that is not nothing."""

_LIST: Final = tuple(f"<{PREFIXES['rdf']}{name}>" for name in ("first", "rest"))

ONTOLOGY: Final = gettext_noop("The ontology says so.")
RECORD: Final = gettext_noop("The record of the claim or source says so.")
STATED: Final = gettext_noop("It is stated in the data, by no claim.")


@dataclass(frozen=True, kw_only=True)
class Why(Notes):
    """Why a triple is in the graph."""

    triple: ox.Triple
    explanation: Explanation

    @property
    def found(self) -> bool:
        """Whether the triple is in the default graph or in a claim."""
        return bool(self.explanation.steps)

    def word(self, term: str) -> str:
        """A term of a step, in N-Triples, in words: the label of a thing, the text of a literal."""
        if term.startswith(f"<{SKOLEM}"):
            return self._lists.get(term, "[…]")
        return str(self.name(term[1:-1])) if term.startswith("<") else term.rpartition('"')[0][1:]

    def premises(self, way: Way) -> list[Step]:
        """The premises of a way but for the members of lists, which `word` gives where the list stands."""
        return [p for p in way.premises if not p.subject.startswith(f"<{SKOLEM}") or p.predicate not in _LIST]

    @cached_property
    def _lists(self) -> dict[str, str]:
        """The members in words of the lists in the steps, by their first node."""
        steps = {(s.subject, s.predicate): s.object for s in _steps(self.explanation.steps)}
        found: dict[str, str] = {}
        for (node, predicate), member in steps.items():
            if predicate == _LIST[0]:
                members, rest = [self.word(member)], steps.get((node, _LIST[1]), "")
                while (rest, _LIST[0]) in steps and len(members) < len(steps):
                    members.append(self.word(steps[rest, _LIST[0]]))
                    rest = steps.get((rest, _LIST[1]), "")
                found[node] = f"[{', '.join(members)}]"
        return found

    def records(self, claims: list[str]) -> list[Footnote]:
        """The footnotes of the claims that have a record."""
        return [self.footnotes[claim] for claim in claims if claim in self.footnotes]

    @staticmethod
    def origin(step: Step) -> str:
        """Where a step that no claim tells comes from, in English."""
        if (step.subject, step.predicate, step.object) in _ontology():
            return ONTOLOGY
        return RECORD if step.subject.startswith((f"<{CLAIM}", f"<{SRC}")) else STATED


def read_why(reader: Reader, triple: ox.Triple, language: str) -> Why:
    """Why the triple is in the graph; raises KelisimError as `Store.query` does."""
    explanation = reader.explanation(triple)
    steps = [*_steps(explanation.steps)]
    claims = [*explanation.claims, *explanation.entailed, *(claim for step in steps for claim in step.claims)]
    terms = {str(t) for t in triple} | {t for s in steps for t in (s.subject, s.predicate, s.object)}
    shown = {term[1:-1] for term in terms if term.startswith("<")}
    return Why(
        footnotes=footnotes(reader, claims, language),
        names=labels(reader, shown, language),
        triple=triple,
        explanation=explanation,
    )


def as_json(why: Why) -> dict[str, Any]:
    """The explanation as JSON values: the steps of the derivation, and the record of each claim in it."""
    subject, predicate, value = map(str, why.triple)
    records = {
        claim: {
            "gloss": note.gloss,
            "speaker": note.speaker,
            "modality": note.modality,
            "article": note.article,
            "paragraph": note.paragraph,
        }
        for claim, note in why.footnotes.items()
    }
    triple = {"subject": subject, "predicate": predicate, "object": value}
    found: dict[str, Any] = msgspec.to_builtins(why.explanation)
    return {"triple": triple, **found, "records": records}


def _steps(steps: list[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        for way in step.ways:
            yield from _steps(way.premises)


@cache
def _ontology() -> frozenset[tuple[str, str, str]]:
    store = ox.Store()  # which writes literals as the graph does
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in published_triples())
    return frozenset((str(q.subject), str(q.predicate), str(q.object)) for q in store)
