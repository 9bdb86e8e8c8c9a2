"""What a script proposes about each sentence of an article. It states nothing: a curator judges each proposal."""

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from kg.checks.collection import Collection
from kg.checks.naming import Names, stems
from kg.drafts.article import Record
from kg.drafts.counted import Counted, counted
from kg.drafts.described import Described
from kg.drafts.precedents import Known, Precedents
from kg.drafts.spelling import Mention, Spellings
from kg.drafts.unknown import Unknown
from kg.drafts.voices import Voice, voices
from kg.drafts.when import AHEAD, Told, dates
from ontology.namespaces import ID, shorten

_BILATERAL: Final = re.compile(
    r"\b(?:two|both) (?:countries|states|sides|peoples|nations|presidents|leaders)\b|\bbilateral\b|\bmutual\b|"
    r"\bthe (?:parties|sides|presidents|countries)\b|\bдвух стран\b|\bдвусторонн|\bекі ел\b|\bекіжақты",
    re.IGNORECASE,
)
_HEDGED: Final = re.compile(  # May is a month
    r"\b(?:may|might|[Pp]erhaps|[Pp]ossibl[ey]|not excluded|not rule out|likely|[Вв]озможно|[Вв]ероятно|мүмкін)\b"
)
_BESIDE: Final = 75
"""So many characters before a person may tell an office."""
_BEHIND: Final = 130
"""So many behind one."""
_SHARE: Final = 0.6
"""So much of an office's label must be told."""
_AGENTS: Final = frozenset({"Person", "Organization", "Group"})


@dataclass(frozen=True)
class Tenured:
    """A person in an office: the name of the tenure, and the claim that tells it already, or empty."""

    holder: str
    office: str
    tenure: str
    claim: str


@dataclass(frozen=True)
class Sentence:
    """What is proposed about one sentence.

    `mentions` are the things that it tells, each once. `known` are figures that claims tell with the value and unit of
    one of its figures. `like` are claims of the same words with the class of their facts. `unknown` are names that no
    thing of the graph has. `modality` is a guess, as a code's local name without its prefix.
    """

    paragraph: int
    number: int
    text: str
    mentions: tuple[Mention, ...]
    dates: tuple[Told, ...]
    figures: tuple[Counted, ...]
    tenures: tuple[Tenured, ...]
    voice: Voice | None
    modality: str
    known: tuple[Known, ...]
    like: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing was recognised."""
        return not (self.mentions or self.dates or self.figures or self.voice or self.unknown)

    def as_json(self) -> dict[str, object]:
        """The proposals as JSON values, without the text."""
        return {
            "passage": f"p{self.paragraph}-s{self.number}",
            "things": [{"thing": shorten(m.iri), "how": m.how} for m in self.mentions],
            "dates": [{"edtf": d.edtf, "stated": d.stated, "ahead": d.ahead} for d in self.dates],
            "figures": [
                {"asWritten": f.as_written, "value": f"{f.value.normalize():f}", "unit": f.unit, "bound": f.bound}
                for f in self.figures
            ],
            "tenures": [{"tenure": shorten(t.tenure), "told": t.claim} for t in self.tenures],
            "speaker": shorten(self.voice.iri) if self.voice else "",
            "modality": self.modality,
            "known": [{"thing": shorten(k.iri), "claim": k.claim} for k in self.known],
            "like": [{"claim": name, "shape": shape} for name, shape in self.like],
            "unknown": list(self.unknown),
        }


@dataclass(frozen=True)
class _Read:
    """A sentence with what it dates, the things that it names or describes, and names of others."""

    text: str
    dates: tuple[Told, ...]
    named: list[Mention]
    described: list[Mention]
    others: list[tuple[str, Mention]]


class Proposer:
    """Proposes about the sentences of one article, in their order."""

    def __init__(self, collection: Collection, record: Record, spellings: Spellings) -> None:
        self._collection = collection
        self._record = record
        self._spellings = spellings
        self._described = Described(collection, record.language)
        self._names = Names(collection)
        self._states = Counter(
            m.iri for m in spellings.mentions(record.text.text, record.language) if "State" in self._kinds(m.iri)
        )
        self._tenures: set[tuple[str, str]] = set()
        self._others = Unknown(collection, record.prefix)
        self.precedents = Precedents(collection, record.language)

    def sentences(self) -> Iterator[Sentence]:
        """The proposals, sentence by sentence."""
        text, number = self._record.text, 0
        before: Voice | None = None
        for part in text.paragraphs:
            spans = text.sentences(part)
            read = []
            for span in spans:
                number += 1
                read.append(self._read(text.text[span.start : span.end], number))
            found = self._voices(read, before)
            before = next((v for v in reversed(found) if v), before)
            for span, one, speaking in zip(spans, read, found, strict=True):
                yield self._sentence(part.number, span.number, one, speaking)

    def _read(self, text: str, number: int) -> "_Read":
        """What a sentence, the article's `number`-th, names and dates."""
        told = tuple(dates(text, self._record.appeared))
        named = self._spellings.mentions(text, self._record.language)
        described = self._described.mentions(text, number, named)
        others = self._others.mentions(text, named, [(d.start, d.end) for d in told])
        return _Read(text, told, named, described, [*others])

    def _voices(self, sentences: Sequence["_Read"], before: Voice | None) -> list[Voice | None]:
        """The voices of the sentences of a paragraph. Its own publisher does not speak to itself."""
        named, people = [], set()
        for one in sentences:
            others = [m for name, m in one.others if " " in name]
            agents = [m for m in (*one.named, *one.described) if self._may_speak(m.iri)]
            people |= {m.iri for m in (*agents, *others) if m.how == "unknown" or "Person" in self._kinds(m.iri)}
            named.append(sorted([*agents, *others]))
        return voices([one.text for one in sentences], named, people, before)

    def _may_speak(self, iri: str) -> bool:
        kinds = self._kinds(iri)
        return bool(kinds & _AGENTS) and "State" not in kinds and iri != self._record.publisher

    def _sentence(self, paragraph: int, number: int, read: "_Read", speaking: Voice | None) -> Sentence:
        text, told, named = read.text, read.dates, read.named
        mentions = {m.iri: m for m in reversed([*named, *read.described])}
        for iri in self._implied(text, mentions, speaking):
            if iri in self._collection.names:
                mentions.setdefault(iri, Mention(0, 0, iri, "again"))
        found = sorted(m for m in mentions.values() if self._in_time(m, text))
        taken = [(d.start, d.end) for d in told] + [(m.start, m.end) for m in named if m.how == "name"]
        figures = tuple(counted(text, taken))
        known = [k for f in figures for k in self.precedents.known(f.value, f.unit) if f.value > _SMALL]
        return Sentence(
            paragraph,
            number,
            text,
            tuple(found),
            told,
            figures,
            tuple(self._new_tenures(text, named)),
            speaking,
            self._modality(text, speaking),
            tuple(known),
            tuple((c.name, self.precedents.shape(c)) for c in self.precedents.like(text)),
            tuple(dict.fromkeys(name for name, _ in read.others)),
        )

    def _implied(self, text: str, mentions: dict[str, Mention], speaking: Voice | None) -> Iterator[str]:
        """Whom pronouns and “the two countries” stand for, and the territory of a state in which something is."""
        if speaking:
            yield speaking.iri
        states = [iri for iri in mentions if "State" in self._kinds(iri)]
        if _BILATERAL.search(text) and len(states) < _PAIR:
            yield from (iri for iri, _ in self._states.most_common(_PAIR))
        for iri in states:
            place = f"{iri}-territory"
            within = re.search(r"\b(?:in|throughout|across|в)\s+$", text[: mentions[iri].start])
            if within and place in self._collection.names:
                yield place

    def _new_tenures(self, text: str, named: Sequence[Mention]) -> Iterator[Tenured]:
        """The tenures that a sentence tells first in the article: an office in the words beside a person."""
        people = [m for m in named if "Person" in self._kinds(m.iri)]
        for i, person in enumerate(people):
            begin = people[i - 1].end if i else 0
            end = people[i + 1].start if i + 1 < len(people) else len(text)
            known = {office: (tenure, claim) for tenure, office, claim in self.precedents.tenures.get(person.iri, ())}
            before, after = text[max(begin, person.start - _BESIDE) : person.start], text[person.end : end]
            office = self._office(before, text, known) or (
                self._office(after[:_BEHIND], text, known) if after.lstrip().startswith(",") else ""
            )
            if office and self._is_new(person.iri, office):
                name = self._tenure_name(person.iri, office)
                tenure, claim = known.get(office, (name, ""))
                yield Tenured(person.iri, office, tenure, claim)

    def _tenure_name(self, person: str, office: str) -> str:
        prefix = self._record.prefix
        return f"{ID}{prefix}tenure-{person.rpartition('-')[2]}-{office.removeprefix(str(ID)).removeprefix(prefix)}"

    def _office(self, words: str, text: str, known: Container[str]) -> str:
        """The office that words beside a person tell best: one that the person has, else of a state that is named."""
        own = stems(words)
        best: tuple[float, ...] = (0.0,)
        found = ""
        for office, labels in self._offices.items():
            for label in labels:
                share = len(label & own) / len(label)
                if share >= _SHARE and label & own:
                    post = self._names.posts.get(office, set())
                    named = any(self._names.of(p) & stems(text) for p in post)
                    usual = max((self._states[p] for p in post), default=0)
                    rank = (float(office in known), share, len(label), float(named), float(usual))
                    if rank > best:
                        best, found = rank, office
        return found

    @cached_property
    def _offices(self) -> dict[str, list[frozenset[str]]]:
        """The stems of the labels of each office without those of states."""
        return {
            iri: [
                label
                for name in self._collection.names[iri].get(self._record.language, ())
                if (label := stems(name) - self._names.of_states)
            ]
            for iri in self._collection.names
            if "Office" in self._kinds(iri)
        }

    def _is_new(self, person: str, office: str) -> bool:
        new = (person, office) not in self._tenures
        self._tenures.add((person, office))
        return new

    def _modality(self, text: str, speaking: Voice | None) -> str:
        if _HEDGED.search(text):
            return "possible"
        if speaking and speaking.kind == "statement-expectation":
            return "expected"
        if AHEAD.search(text):
            return "planned"
        return "reported" if speaking else "asserted"

    def _in_time(self, mention: Mention, text: str) -> bool:
        """Whether a thing whose label prints a year may be meant: that of the article, or one that the text prints."""
        if mention.how not in {"words", "again"}:
            return True
        years = {*re.findall(r"\b[12]\d{3}\b", self._english(mention.iri))}
        appeared = {str(self._record.appeared.first.year), str(self._record.appeared.last.year)}
        return not years or bool(years & {*appeared, *re.findall(r"\d{4}", text)})

    def _english(self, iri: str) -> str:
        return " ".join(self._collection.names.get(iri, {}).get("en", ()))

    def _kinds(self, iri: str) -> frozenset[str]:
        return self._collection.types.get(iri, frozenset())


_SMALL: Final = 12
"""A figure that is not larger is no sign of being the same."""
_PAIR: Final = 2
