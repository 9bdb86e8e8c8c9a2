"""What points to a thing: each with its role and what is told of it, in sections and in order of time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from kg.store.reader import Reader
from kg.views.contested import COMPARED, rivals
from kg.views.facts import Fact, by_property, claims_of, facts_about, links_by
from kg.views.sections import SECTIONS, Section
from kg.views.timelines import DATE_PROPERTIES, Moment, moments
from ontology.namespaces import KEL, RDF_TYPE

SHOWN: Final = 10
"""How many entries of a section are shown where the section was not asked for by name."""

_STAGE_OF: Final = str(KEL.stageOf)
_NEEDED: Final = frozenset({RDF_TYPE, *COMPARED, *DATE_PROPERTIES}).union(*(s.columns + s.beside for s in SECTIONS))
"""The properties that sections, timelines and comparisons take from what points to a thing."""

_IN_TIMELINE: Final = frozenset({"events", "stages"})
"""The sections whose dated things stand in the timeline."""


@dataclass(frozen=True)
class Entry:
    """Something that points to a thing: by which properties (roles), and what is told of it.

    stages: the steps of its life, if it is a document or a work. rivals: the figures that contradict it.
    """

    iri: str
    roles: tuple[str, ...] = ()
    cells: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    stages: tuple["Entry", ...] = ()
    rivals: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()

    def iris(self) -> set[str]:
        """All that has to be named to show it."""
        values = {fact.iri for cell in self.cells.values() for fact in cell if fact.iri}
        return {self.iri, *self.roles, *self.cells, *self.rivals, *values}.union(*(s.iris() for s in self.stages))

    def all_claims(self) -> tuple[str, ...]:
        """Its claims, and those of its stages."""
        return (*self.claims, *(claim for stage in self.stages for claim in stage.claims))


@dataclass(frozen=True)
class SectionTable:
    """The entries of a section that are shown, and how many it has; `columns` are the properties that occur."""

    section: Section
    entries: tuple[Entry, ...]
    total: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Surroundings:
    """What points to a thing: by section, and its dated events and stages as a timeline of one date an entry."""

    tables: tuple[SectionTable, ...]
    timeline: tuple[Entry, ...]


def surroundings(reader: Reader, links: Iterable[Fact], part: str) -> Surroundings:
    """Puts in order what the links come from; `part` names the one section to be shown, and that in full, if any."""
    roles: dict[str, list[Fact]] = defaultdict(list)
    for link in links:
        roles[link.subject].append(link)
    facts = facts_about(reader, roles, _NEEDED)
    sections = {iri: _section_of(facts[iri]) for iri in roles}
    stages = _stages(reader, [iri for iri in roles if sections[iri].staged])
    clashes = rivals(facts)
    by_section: dict[str, list[Entry]] = defaultdict(list)
    timeline: list[Entry] = []
    for iri, links_of in roles.items():
        section = sections[iri]
        entry = make_entry(iri, facts[iri], (*section.columns, *section.beside), links_of)
        entry = replace(entry, stages=stages.get(iri, ()), rivals=tuple(clashes.get(iri, ())))
        dated = [m for m in entry.moments if m.sort in {"held", "planned"}]
        if dated and section.name in _IN_TIMELINE:
            timeline += [replace(entry, moments=(moment,)) for moment in dated]
        else:
            by_section[section.name].append(entry)
    return Surroundings(
        tuple(
            _section_table(section, by_section[section.name], part)
            for section in SECTIONS
            if by_section[section.name] and part in {"", section.name}
        ),
        tuple(sorted(timeline, key=by_date)),
    )


def make_entry(iri: str, facts: Iterable[Fact], columns: Iterable[str], links: Iterable[Fact] = ()) -> Entry:
    """The entry of one thing. A value that its links lead to is left out, since the role says it."""
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


def by_date(entry: Entry) -> tuple[str, str, str]:
    """The order of time; what has no date comes last."""
    first = entry.moments[0] if entry.moments else None
    return (first.first, first.last, entry.iri) if first else ("~", "", entry.iri)


def _section_table(section: Section, entries: list[Entry], part: str) -> SectionTable:
    ordered = sorted(entries, key=by_date)
    shown = ordered if part else ordered[:SHOWN]
    columns = tuple(name for name in section.columns if any(name in entry.cells for entry in shown))
    return SectionTable(section, tuple(shown), len(ordered), columns)


def _section_of(facts: Iterable[Fact]) -> Section:
    classes = {fact.iri for fact in facts if fact.predicate == RDF_TYPE}
    return next((section for section in SECTIONS if classes & set(section.classes)), SECTIONS[-1])


def _stages(reader: Reader, works: list[str]) -> dict[str, tuple[Entry, ...]]:
    """The steps in the lives of documents and works, in order of time."""
    links = links_by(reader, _STAGE_OF, works)
    facts = facts_about(reader, {link.subject for link in links}, _NEEDED)
    found: dict[str, list[Entry]] = defaultdict(list)
    for link in links:
        found[link.iri].append(make_entry(link.subject, facts[link.subject], [str(KEL.stage)], [link]))
    return {work: tuple(sorted(steps, key=by_date)) for work, steps in found.items()}
