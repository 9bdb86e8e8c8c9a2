"""The full view of one thing, for its page and the terminal."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from kg.language.labels import Label, expect_labels, labels
from kg.store.reader import Reader
from kg.views.contested import comparable_figures, conflicting_properties, contradictions, dates_conflict
from kg.views.entries import Entry, SectionTable, backlinks, make_entry
from kg.views.facts import WINDOW, Fact, by_property, claims_of, facts_about, in_language
from kg.views.footnotes import Footnote, expect_footnotes, footnotes
from kg.views.notes import Notes
from kg.views.sections import FIGURE_PROPERTIES, GROUPS, HIDDEN_PROPERTIES, Group
from kg.views.surroundings import Surroundings, surroundings
from kg.views.timelines import DATE_PROPERTIES, Moment, moments
from ontology.namespaces import CODE, KEL, RDF_TYPE

_STRONGEST: Final = str(KEL.strongestModality)
_HEDGED: Final = frozenset(str(CODE[name]) for name in ("expected", "possible", "denied"))

PREVIEW_SIZE: Final = 10
"""How many referring claims are shown unless they are requested by name."""

TIMELINE_SIZE: Final = 30
"""How many entries of the timeline are shown unless it is requested by name."""


@dataclass(frozen=True)
class PropertyRow:
    """A property of the thing and its values. contested: it is single-valued and claims give different values."""

    predicate: str
    facts: tuple[Fact, ...]
    contested: bool


@dataclass(frozen=True, kw_only=True)
class Thing(Notes):
    """One thing: its facts by group, a timeline, and the things that link to it, with footnotes.

    dates_contested: claims give dates that have no day in common. timeline_total: the length of the whole timeline.
    contradicting: if it is a figure that others contradict, itself and the others. referring: claims with it as
    speaker, modality or passage; `referring_total` is their number, `referring_claims` are the IRIs of those shown.
    spoken_of: the strongest modality with which anything is told of it, if that is less than planned. more: there are
    more links, from ``after + WINDOW`` on. newest_events, latest_figures: the few to begin the page with.
    """

    iri: str
    after: int = 0
    more: bool = False
    classes: frozenset[str] = frozenset()
    groups: tuple[tuple[Group, tuple[PropertyRow, ...]], ...] = ()
    moments: tuple[Moment, ...] = ()
    dates_contested: bool = False
    timeline: tuple[Entry, ...] = ()
    timeline_total: int = 0
    tables: tuple[SectionTable, ...] = ()
    contradicting: tuple[Entry, ...] = ()
    inferred: tuple[Fact, ...] = ()
    referring_claims: tuple[str, ...] = ()
    referring: tuple[Footnote, ...] = ()
    referring_total: int = 0
    spoken_of: str = ""
    newest_events: tuple[Entry, ...] = ()
    latest_figures: tuple[Entry, ...] = ()

    @property
    def entries(self) -> list[Entry]:
        """All entries that are shown."""
        brief = (*self.latest_figures, *self.newest_events)
        tabled = (entry for table in self.tables for entry in table.entries)
        return [*brief, *self.contradicting, *self.timeline, *tabled]

    @property
    def infers_dates(self) -> bool:
        """Whether an inferred date is shown."""
        shown = [*self.moments, *(moment for entry in self.entries for moment in entry.moments)]
        return any(moment.inferred for moment in shown)

    @property
    def label(self) -> Label:
        """Its own label."""
        return self.name(self.iri)

    def cited(self) -> list[str]:
        """The claims of all that is shown, in the order in which they occur."""
        claims = [*claims_of(self._facts), *(claim for moment in self.moments for claim in moment.claims)]
        return claims + [claim for entry in self.entries for claim in entry.all_claims()]

    def named(self) -> set[str]:
        """All that is shown by its label."""
        shown = {iri for fact in (*self._facts, *self.inferred) for iri in (fact.predicate, fact.iri) if iri}
        return shown.union({self.iri}, self.classes, *(entry.iris() for entry in self.entries))

    def with_names(self, reader: Reader, language: str) -> "Thing":
        """The thing with its footnotes and labels."""
        notes = footnotes(reader, (*self.cited(), *self.referring_claims), language)
        return replace(
            self,
            footnotes={claim: notes[claim] for claim in dict.fromkeys(self.cited()) if claim in notes},
            referring=tuple(notes[claim] for claim in self.referring_claims if claim in notes),
            names=labels(reader, self.named(), language),
        )

    @property
    def _facts(self) -> list[Fact]:
        return [fact for _, rows in self.groups for row in rows for fact in row.facts]


def describe(reader: Reader, iri: str, language: str, part: str = "", after: int = 0) -> Thing | None:
    """The thing with this IRI, with labels in the language, or None if it is not in the graph.

    part: a section, ``timeline`` or ``said``, to show alone and in full. after: the offset in the links.
    """
    found = read_thing(reader, iri, language, part, after)
    return found.with_names(reader, language) if found else None


def read_thing(  # noqa: PLR0913 - what is shown of which thing
    reader: Reader, iri: str, language: str, part: str = "", after: int = 0, *, told: Collection[str] = ()
) -> Thing | None:
    """The same, but without footnotes and labels, which `Thing.with_names` gives it; those are expected already.

    told: things of which the page tells elsewhere.
    """
    around = surroundings(reader, iri, after)
    own, links, referring = in_language(around.facts, language), around.links, around.claims
    if not (own or links or referring):
        return None
    incoming = backlinks(reader, links, part, language, told)
    dates = tuple(moments(own))
    own_entries = [Entry(iri, moments=(m,), claims=m.claims) for m in dates if m.kind in {"held", "planned"}]
    timeline = sorted([*incoming.timeline, *own_entries], key=_first_day)
    thing = Thing(
        iri=iri,
        after=after,
        more=max(len(links), len(referring)) >= WINDOW,
        classes=classes_in(around),
        timeline=tuple({"": timeline[:TIMELINE_SIZE], "timeline": timeline}.get(part, [])),
        timeline_total=len(timeline),
        tables=incoming.tables,
        referring_claims=tuple({"": referring[:PREVIEW_SIZE], "said": referring}.get(part, ())),
        referring_total=len(referring),
    )
    if not part:
        thing = replace(
            thing,
            newest_events=incoming.newest_events,
            latest_figures=incoming.latest_figures,
            groups=_groups(own),
            moments=dates,
            dates_contested=dates_conflict(own),
            contradicting=_contradicting(reader, iri, own),
            spoken_of=next((f.iri for f in own if f.predicate == _STRONGEST and f.iri in _HEDGED), ""),
            inferred=tuple(fact for fact in own if fact.inferred and fact.predicate not in HIDDEN_PROPERTIES),
        )
    expect_footnotes(reader, (*thing.cited(), *thing.referring_claims), language)
    expect_labels(reader, thing.named(), language)
    return thing


def classes_in(around: Surroundings) -> frozenset[str]:
    """The classes of the thing."""
    return frozenset(fact.iri for fact in around.facts if fact.predicate == RDF_TYPE)


def _first_day(entry: Entry) -> tuple[str, str, str]:
    return entry.moments[0].first, entry.moments[0].last, entry.iri


def _groups(own: Iterable[Fact]) -> tuple[tuple[Group, tuple[PropertyRow, ...]], ...]:
    facts = [fact for fact in own if not fact.inferred and fact.predicate not in HIDDEN_PROPERTIES | DATE_PROPERTIES]
    conflicting, values, found = conflicting_properties(facts), dict(by_property(facts)), []
    for group in GROUPS:
        names = [name for name in group.properties if name in values] if group.properties else sorted(values)
        rows = tuple(PropertyRow(name, tuple(values.pop(name)), name in conflicting) for name in names)
        if rows:
            found.append((group, rows))
    return tuple(found)


def _contradicting(reader: Reader, iri: str, own: list[Fact]) -> tuple[Entry, ...]:
    """This figure and those that contradict it, as entries; empty if there are none."""
    figures = {iri: own} | facts_about(reader, set(comparable_figures(reader, own)) - {iri})
    others = contradictions(figures).get(iri, [])
    return tuple(make_entry(each, figures[each], FIGURE_PROPERTIES) for each in ([iri, *others] if others else []))
