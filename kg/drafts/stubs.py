"""Claims to fill in, from what is proposed about a sentence. What is left open in them has a mark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.checks.collection import LABEL, Collection, CuratedClaim, local
from kg.curation.curated import Claim
from kg.curation.layout import LANGUAGES, claim_of
from kg.curation.marks import MARK
from kg.drafts.article import Record
from kg.drafts.counted import Counted
from kg.drafts.precedents import Precedents
from kg.drafts.proposing import Sentence, Tenured
from kg.drafts.when import Told
from ontology.namespaces import CLAIM, CODE, ID, KEL, PREFIXES, RDF_TYPE, SRC, shorten

_ABOUT: Final = frozenset({"Concept"})
_DATED: Final = frozenset({"Event", "Visit"})
_FEW: Final = 4
_SIDES: Final = ("refArea", "counterpartArea")
_MONEY: Final = "CCY_"
_PLANNED: Final = frozenset({"planned", "expected", "possible"})

_About = list[tuple[str, ox.NamedNode | ox.Literal]]
"""Predicates and objects of a thing, in order."""


@dataclass(frozen=True)
class Stub:
    """A claim to fill in, and the remarks that stand above it, each of which is a mark."""

    claim: Claim
    remarks: tuple[str, ...]


class Stubs:
    """Makes the stubs of an article, numbered paragraph by paragraph in the order of the text."""

    def __init__(self, collection: Collection, record: Record, precedents: Precedents) -> None:
        self._collection = collection
        self._record = record
        self._precedents = precedents
        self._declared: set[str] = set()
        self._numbers: dict[int, int] = {}

    def of(self, sentence: Sentence) -> Iterator[Stub]:
        """The stubs of a sentence: of each tenure and figure, of a statement, and of the rest."""
        made = [self._tenure(sentence, tenured) for tenured in sentence.tenures]
        made += [self._figure(sentence, figure) for figure in sentence.figures]
        if sentence.voice and sentence.voice.iri != self._record.publisher:
            made.append(self._statement(sentence))
        if rest := self._rest(sentence, alone=not made):
            made.append(rest)
        yield from made

    def _claim(
        self, sentence: Sentence, facts: Sequence[ox.Triple], modality: str, speaker: str, known: str = ""
    ) -> Claim:
        """A claim with facts; its glosses are open, or those of a known claim that tells the same, to be judged."""
        number = self._numbers[sentence.paragraph] = self._numbers.get(sentence.paragraph, 0) + 1
        name = f"{self._record.name}-p{sentence.paragraph}-{number}"
        facts = [*_replaced(facts, name), *self._classes(facts)]
        passage = f"{SRC}{self._record.name}-p{sentence.paragraph}-s{sentence.number}"
        about: _About = [
            (RDF_TYPE, _iri(KEL.Claim)),
            (str(KEL.passage), ox.NamedNode(passage)),
            (str(KEL.speaker), ox.NamedNode(speaker)),
            (str(KEL.modality), _code(modality)),
            *((str(KEL.gloss), open_text(language, self._precedents.gloss(known, language))) for language in LANGUAGES),
        ]
        if any(f.object == _code("date-inferred") for f in facts):
            told = f"The article is of {_span(self._record)}; the date is inferred from that, and from its own words."
            about.append((str(KEL.note), ox.Literal(f"{MARK} {told}", language="en")))
        return claim_of(name, facts, _triples(str(CLAIM) + name, about))

    def _classes(self, facts: Sequence[ox.Triple]) -> list[ox.Triple]:
        """The classes of the things that facts speak of for the first time in the article."""
        own = {f.subject for f in facts if f.predicate.value == RDF_TYPE}
        found = []
        for thing in dict.fromkeys(o for f in facts for o in (f.subject, f.object) if isinstance(o, ox.NamedNode)):
            if thing.value in self._declared or thing in own or not thing.value.startswith(str(ID)):
                continue
            told = self._class(thing.value)
            if told and local(told) not in _ABOUT:
                self._declared.add(thing.value)
                found.append(ox.Triple(thing, ox.NamedNode(RDF_TYPE), ox.NamedNode(told)))
        return found

    def _class(self, iri: str) -> str:
        return next((s.value for s in self._collection.described.get(iri, ()) if s.predicate == RDF_TYPE), "")

    def _tenure(self, sentence: Sentence, tenured: Tenured) -> Stub:
        labels = self._precedents.labels(tenured.tenure)
        facts = _triples(
            tenured.tenure,
            [
                (RDF_TYPE, _iri(KEL.Tenure)),
                *((LABEL, _text(labels.get(language, MARK), language)) for language in LANGUAGES),
                (str(KEL.holder), ox.NamedNode(tenured.holder)),
                (str(KEL.office), ox.NamedNode(tenured.office)),
                (str(KEL.attestedOn), _date(str(self._record.appeared.first))),
            ],
        )
        told = f"known from {tenured.claim}" if tenured.claim else "not told yet; is the office so called?"
        remark = f"Tenure, {told}. Attested on the first day on which the article can have appeared."
        claim = self._claim(sentence, facts, "asserted", self._record.publisher, tenured.claim)
        return Stub(claim, (remark,))

    def _figure(self, sentence: Sentence, figure: Counted) -> Stub:
        known = [k for k in sentence.known if k.value == figure.value.normalize() and k.unit == figure.unit]
        like = self._precedents.like(sentence.text, kind="Observation")
        states = [m.iri for m in sentence.mentions if "State" in self._kinds(m.iri)][:2]
        if figure.documents:
            about: _About = [
                (RDF_TYPE, _iri(KEL.DocumentPackage)),
                (str(KEL.documentCount), _number(figure)),
                (str(KEL.asWritten), ox.Literal(figure.as_written)),
            ]
            subject = f"{ID}{self._record.prefix}package-~"
        else:
            measure = known[0].measure if known else _measure(like, figure.unit)
            about = self._observation(sentence, figure, states, measure)
            subject = f"{ID}{self._record.prefix}obs-~"
        remarks = [f"Figure “{figure.as_written}”: rename its id, and tell what it counts."]
        remarks += [f"The same figure is {shorten(k.iri)} in {k.claim}: the same thing?" for k in known]
        if like and not known:
            remarks.append(f"Of this shape: {', '.join(c.name for c in like)}.")
        speaker = sentence.voice.iri if sentence.voice else self._record.publisher
        modality = "reported" if sentence.voice and sentence.modality == "asserted" else sentence.modality
        return Stub(self._claim(sentence, _triples(subject, about), modality, speaker), tuple(remarks))

    def _observation(self, sentence: Sentence, figure: Counted, states: list[str], measure: str) -> _About:
        trade = figure.unit.startswith(_MONEY) and len(states) > 1
        about: _About = [
            (RDF_TYPE, _iri(KEL.TradeObservation if trade else KEL.Observation)),
            *((LABEL, open_text(language)) for language in LANGUAGES),
            *([(str(KEL.measure), _code(measure))] if measure else []),
            (str(KEL.figureKind), _code("figure-planned" if sentence.modality in _PLANNED else "figure-actual")),
            *(
                (str(KEL[name]), ox.NamedNode(s))
                for name, s in zip(("refArea", "counterpartArea"), states, strict=False)
            ),
        ]
        periods = [d for d in sentence.dates if d.kind in {"period", "year"}]
        if periods:
            nearest = min(periods, key=lambda d: abs(d.start - figure.start))
            about += _dated(nearest, ("periodStart", "periodEnd", "periodEdtf"))
        about += [
            (str(KEL.value), _number(figure)),
            *([(str(KEL.outOf), ox.Literal(int(figure.out_of)))] if figure.out_of else []),
            (str(KEL.unit), ox.NamedNode(PREFIXES["unit"] + figure.unit)),
            (str(KEL.bound), _code(figure.bound)),
            (str(KEL.asWritten), ox.Literal(figure.as_written)),
        ]
        return about

    def _statement(self, sentence: Sentence) -> Stub:
        speaking = sentence.voice
        assert speaking is not None
        about: _About = [
            (RDF_TYPE, _iri(KEL.Statement)),
            *((LABEL, open_text(language)) for language in LANGUAGES),
            (str(KEL.kind), _code(speaking.kind)),
            (str(KEL.saidBy), ox.NamedNode(speaking.iri)),
        ]
        for mention in sentence.mentions:
            kinds = self._kinds(mention.iri)
            if mention.iri not in {speaking.iri, self._record.publisher} and not kinds & {"Person", "Office"}:
                name = "topic" if "Concept" in kinds else "concerns"
                about.append((str(KEL[name]), ox.NamedNode(mention.iri)))
        about += [(str(KEL.gloss), open_text(language)) for language in LANGUAGES]
        days = [d for d in sentence.dates if d.kind in {"day", "month"} and not d.ahead]
        if len(days) == 1 and not speaking.quoted:
            about += _dated(days[0], ("earliest", "latest", "edtf"))
        said = f"Statement of {shorten(speaking.iri)}: rename its id. What is said may be claims too, "
        said += f"{_reported(sentence)} by {shorten(speaking.iri)}."
        claim = self._claim(
            sentence, _triples(f"{ID}{self._record.prefix}statement-~", about), "asserted", self._record.publisher
        )
        return Stub(claim, (said, *self._shapes(sentence, "Statement")))

    def _rest(self, sentence: Sentence, *, alone: bool) -> Stub | None:
        """A claim on the events of a sentence, or, where there is no other, one that names its things."""
        events = [m.iri for m in sentence.mentions if self._kinds(m.iri) & _DATED and m.how != "again"]
        days = [d for d in sentence.dates if d.kind in {"day", "month"}]
        facts: list[ox.Triple] = []
        for event in events[:1] if events and (days or alone) else ():
            facts += _triples(event, [(RDF_TYPE, ox.NamedNode(self._class(event)))])
            facts += _triples(event, _dated(days[0], days[0].property_names)) if len(days) == 1 else []
            self._declared.add(event)
        if not facts and alone:
            named = [m.iri for m in sentence.mentions if local(self._class(m.iri)) not in _ABOUT]
            for iri in named:
                self._declared.add(iri)
                facts += _triples(iri, [(RDF_TYPE, ox.NamedNode(self._class(iri)))])
        if not facts:
            return None
        speaker = sentence.voice.iri if sentence.voice else self._record.publisher
        claim = self._claim(sentence, facts, sentence.modality, speaker)
        return Stub(claim, ("What is told of these things?", *self._shapes(sentence), *self._relations(sentence)))

    def _relations(self, sentence: Sentence) -> list[str]:
        """Relations between the states of a sentence that claims tell already."""
        states = [m.iri for m in sentence.mentions if "State" in self._kinds(m.iri)][:2]
        found = self._precedents.relations(states, sentence.text)[:_FEW] if len(states) > 1 else []
        return [f"Known relations: {', '.join(f'{iri} ({claim})' for iri, claim in found)}."] if found else []

    def _shapes(self, sentence: Sentence, kind: str = "") -> list[str]:
        found = [f"{name} ({shape})" for name, shape in sentence.like if not kind or shape == kind]
        return [f"Of this shape: {', '.join(found)}."] if found else []

    def _kinds(self, iri: str) -> frozenset[str]:
        return self._collection.types.get(iri, frozenset())


def open_text(language: str, words: str = "") -> ox.Literal:
    """Words to fill in, or to judge."""
    return ox.Literal(f"{MARK} {words}".rstrip(), language=language)


def _span(record: Record) -> str:
    first, last = record.appeared.first, record.appeared.last
    return str(first) if first == last else f"{first} to {last}"


def _reported(sentence: Sentence) -> str:
    return sentence.modality if sentence.modality != "asserted" else "reported"


def _replaced(facts: Sequence[ox.Triple], name: str) -> list[ox.Triple]:
    """The facts with the claim's name in the names of what it introduces, which the curator renames."""
    return [
        ox.Triple(ox.NamedNode(f.subject.value.replace("~", name)), f.predicate, f.object)
        for f in facts
        if isinstance(f.subject, ox.NamedNode)
    ]


def _triples(subject: str, about: _About) -> list[ox.Triple]:
    return [ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), value) for predicate, value in about]


def _dated(told: Told, names: tuple[str, str, str]) -> _About:
    first, last = told.bounds
    return [
        (str(KEL[names[0]]), _date(str(first))),
        (str(KEL[names[1]]), _date(str(last))),
        (str(KEL[names[2]]), ox.Literal(told.edtf, datatype=ox.NamedNode(PREFIXES["edtf"] + "edtf"))),
        (str(KEL.dateBasis), _code("date-stated" if told.stated else "date-inferred")),
    ]


def _measure(like: Sequence[CuratedClaim], unit: str) -> str:
    """What the claims most like a sentence measure in a unit; empty where none does."""
    for claim in like:
        measured = claim.told("measure")
        if measured and any(local(u.value) == unit for u in claim.told("unit", measured[0].subject)):
            return local(measured[0].value)
    return ""


def _number(figure: Counted) -> ox.Literal:
    value = figure.value.normalize()
    kind = "integer" if value == value.to_integral_value() else "decimal"
    return ox.Literal(f"{value:f}", datatype=ox.NamedNode(PREFIXES["xsd"] + kind))


def _date(day: str) -> ox.Literal:
    return ox.Literal(day, datatype=ox.NamedNode(PREFIXES["xsd"] + "date"))


def _text(text: str, language: str) -> ox.Literal:
    return ox.Literal(text, language=language)


def _code(name: str) -> ox.NamedNode:
    return ox.NamedNode(str(CODE) + name)


def _iri(term: str) -> ox.NamedNode:
    return ox.NamedNode(str(term))
