"""The things that link to a thing (backlinks), as entries in sections and in a timeline."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from kg.store.reader import Reader
from kg.views.contested import COMPARED_PROPERTIES, contradictions
from kg.views.facts import Fact, by_property, claims_of, facts_about, in_language, links_by
from kg.views.lifecycle import rank
from kg.views.sections import HEADLINES, SECTIONS, Section
from kg.views.timelines import DATE_PROPERTIES, Moment, moments
from ontology.namespaces import CODE, KEL, RDF_TYPE

PREVIEW_SIZE: Final = 10
"""How many entries of a section are shown unless the section is requested by name."""

BRIEF_SIZE: Final = 3
"""How many of the newest events and of the latest figures are picked out."""

_FIGURE_KIND: Final = str(KEL.figureKind)
_MEASURE: Final = str(KEL.measure)
_STAGE: Final = str(KEL.stage)
_STAGE_OF: Final = str(KEL.stageOf)
_ENTRY_PROPERTIES: Final = frozenset({RDF_TYPE, *COMPARED_PROPERTIES, *DATE_PROPERTIES}).union(
    *(s.columns + s.required for s in SECTIONS)
)
"""The properties of entries that sections, timelines and comparisons use."""

_TIMELINE_SECTIONS: Final = frozenset({"events", "stages"})
"""The sections whose dated entries are shown in the timeline instead, but for the stages of the thing itself."""


@dataclass(frozen=True)
class Entry:
    """Something that links to a thing.

    roles: the properties of the links. cells: its facts by property. stages: the stages of a document or a work.
    contradicted_by: the figures that contradict it.
    """

    iri: str
    roles: tuple[str, ...] = ()
    cells: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    stages: tuple["Entry", ...] = ()
    contradicted_by: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()

    def iris(self) -> set[str]:
        """The IRIs that need a label to show it."""
        values = {fact.iri for cell in self.cells.values() for fact in cell if fact.iri}
        return {self.iri, *self.roles, *self.cells, *self.contradicted_by, *values}.union(
            *(s.iris() for s in self.stages)
        )

    def all_claims(self) -> tuple[str, ...]:
        """Its claims and those of its stages."""
        return (*self.claims, *(claim for stage in self.stages for claim in stage.claims))


@dataclass(frozen=True)
class SectionTable:
    """The shown entries of a section, their total number, and the properties that occur (`columns`)."""

    section: Section
    entries: tuple[Entry, ...]
    total: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Backlinks:
    """The entries that link to a thing, by section, and its dated events and stages as a timeline, one date each.

    newest_events, latest_figures: the few with the last dates, one figure of each measure, whatever was left out.
    """

    tables: tuple[SectionTable, ...]
    timeline: tuple[Entry, ...]
    newest_events: tuple[Entry, ...] = ()
    latest_figures: tuple[Entry, ...] = ()


def backlinks(reader: Reader, links: Iterable[Fact], part: str, language: str, told: Collection[str] = ()) -> Backlinks:
    """Arranges the subjects of the links; `part`, if not empty, is the one section to show, in full.

    Texts that stand in several languages are taken in the language. told: things that the page tells of elsewhere: they
    and the stages of their lives are left out.
    """
    roles: dict[str, list[Fact]] = defaultdict(list)
    for link in links:
        roles[link.subject].append(link)
    facts = {iri: in_language(own, language) for iri, own in facts_about(reader, roles, _ENTRY_PROPERTIES).items()}
    sections = {iri: _section_of(facts[iri]) for iri in roles}
    stages = _stages(reader, [iri for iri in roles if sections[iri].with_stages])
    contradicting = contradictions(facts)
    by_section: dict[str, list[Entry]] = defaultdict(list)
    timeline: list[Entry] = []
    dated_events: list[Entry] = []
    figures: list[Entry] = []
    for iri, links_of in roles.items():
        section = sections[iri]
        entry = make_entry(iri, facts[iri], (*section.columns, *section.required), links_of)
        entry = replace(entry, stages=stages.get(iri, ()), contradicted_by=tuple(contradicting.get(iri, ())))
        dated = [m for m in entry.moments if m.kind in {"held", "planned"}]
        if section.name == "events":
            dated_events += [replace(entry, moments=(moment,)) for moment in dated]
        elif section.name == "figures":
            figures.append(entry)
        if told and (iri in told or any(f.predicate == _STAGE_OF and f.iri in told for f in facts[iri])):
            continue
        if dated and section.name in _TIMELINE_SECTIONS and _STAGE_OF not in entry.roles:
            timeline += [replace(entry, moments=(moment,)) for moment in dated]
        else:
            by_section[section.name].append(entry)
    return Backlinks(
        tuple(
            _section_table(section, by_section[section.name], part)
            for section in SECTIONS
            if by_section[section.name] and part in {"", section.name}
        ),
        tuple(sorted(timeline, key=by_date)),
        tuple(sorted(dated_events, key=_last_day, reverse=True)[:BRIEF_SIZE]),
        _latest_of_each(figures)[:BRIEF_SIZE],
    )


def _latest_of_each(figures: Iterable[Entry]) -> tuple[Entry, ...]:
    """The latest figure with a period of each measure, of those that tell what is: `HEADLINES` first, then by date."""
    latest: dict[str, Entry] = {}
    for entry in sorted((each for each in figures if each.moments), key=_last_day, reverse=True):
        measures, kinds = entry.cells.get(_MEASURE, ()), {fact.iri for fact in entry.cells.get(_FIGURE_KIND, ())}
        if measures and kinds <= {str(CODE["figure-actual"])}:
            latest.setdefault(measures[0].iri, entry)
    first = [latest.pop(measure) for measure in HEADLINES if measure in latest]
    return (*first, *latest.values())


def _last_day(entry: Entry) -> tuple[str, str]:
    return entry.moments[-1].last, entry.iri


def make_entry(iri: str, facts: Iterable[Fact], columns: Iterable[str], links: Iterable[Fact] = ()) -> Entry:
    """The entry of one thing, without the values that its links point to, since its roles give them."""
    targets = {link.value for link in links}
    values = by_property(fact for fact in facts if not fact.inferred)
    cells = {
        name: shown for name in columns if (shown := tuple(f for f in values.get(name, ()) if f.value not in targets))
    }
    dates = tuple(moments(facts))
    claims = [*claims_of(links), *claims_of(fact for cell in cells.values() for fact in cell)]
    return Entry(
        iri,
        tuple(dict.fromkeys(link.predicate for link in links)),
        cells,
        dates,
        claims=tuple(dict.fromkeys([*claims, *(claim for moment in dates for claim in moment.claims)])),
    )


def by_date(entry: Entry) -> tuple[str, str, int, str]:
    """The sort key by date, then by stage of life; entries without a date come last."""
    first = entry.moments[0] if entry.moments else None
    return (*((first.first, first.last) if first else ("~", "")), _rank(entry), entry.iri)


def by_stage(entry: Entry) -> tuple[int, tuple[str, str, int, str]]:
    """The sort key of the stages of one thing: in the order of a life, whether they have dates or not."""
    return _rank(entry), by_date(entry)


def _rank(entry: Entry) -> int:
    return max((rank(fact.iri) for fact in entry.cells.get(_STAGE, ())), default=-1)


def _section_table(section: Section, entries: list[Entry], part: str) -> SectionTable:
    own = all(_STAGE_OF in entry.roles for entry in entries)
    ordered = sorted(entries, key=by_stage if own else by_date)
    shown = ordered if part else ordered[:PREVIEW_SIZE]
    columns = tuple(name for name in section.columns if any(name in entry.cells for entry in shown))
    return SectionTable(section, tuple(shown), len(ordered), columns)


def _section_of(facts: Iterable[Fact]) -> Section:
    classes = {fact.iri for fact in facts if fact.predicate == RDF_TYPE}
    return next((section for section in SECTIONS if classes & set(section.classes)), SECTIONS[-1])


def _stages(reader: Reader, works: list[str]) -> dict[str, tuple[Entry, ...]]:
    """The stages of documents and works, by date."""
    links = links_by(reader, _STAGE_OF, works)
    facts = facts_about(reader, {link.subject for link in links}, _ENTRY_PROPERTIES)
    found: dict[str, list[Entry]] = defaultdict(list)
    for link in links:
        found[link.iri].append(make_entry(link.subject, facts[link.subject], [_STAGE], [link]))
    return {work: tuple(sorted(steps, key=by_stage)) for work, steps in found.items()}
