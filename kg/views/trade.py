"""Observations: figures of trade, investment, energy and others, with the claims that give them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

import pyoxigraph as ox

from kg.conflicts.comparison import disagreements
from kg.conflicts.figures import Figure
from kg.language.labels import expect_labels
from kg.language.periods import Period, PeriodKind, parse_day
from kg.store.reader import Reader, node, nodes
from kg.views.facts import claims_of, facts_about
from kg.views.finding import Search, find
from kg.views.footnotes import Footnote, expect_footnotes, footnotes
from ontology.iris import CODE, KEL
from ontology.namespaces import PREFIXES

MAX_OBSERVATIONS: Final = 400
"""The maximum number of figures in one answer; filter by party or measure to get others."""

_MAX_ROWS: Final = 40 * MAX_OBSERVATIONS
_PARTIES: Final = ("refArea", "counterpartArea")
_PERCENT: Final = PREFIXES["unit"] + "PERCENT"
_SHOWN: Final = frozenset(str(KEL[name]) for name in ("measure", "observed", "group", *_PARTIES))
"""The properties of figures whose values are shown by their labels."""


@dataclass(frozen=True)
class Selection:
    """A filter for figures, by IRI; an empty field filters nothing."""

    party: str = ""
    measures: tuple[str, ...] = ()
    kind: PeriodKind | None = None
    told: str = ""
    """A further pattern that they fit."""


@dataclass(frozen=True)
class Observation:
    """One figure with its claims; unknown fields are empty or None.

    published: the earliest possible day of publication of its articles. as_written: as the sources print it. bounds:
    the IRIs of codes. groups: the codes of the groups that it counts. figure_kind: the code for actual, planned or
    target. notes: the footnotes of the claims that have a record.
    """

    iri: str
    measure: str
    value: Decimal
    unit: str
    out_of: Decimal | None
    areas: tuple[str, ...]
    counterparts: tuple[str, ...]
    observed: tuple[str, ...]
    groups: tuple[str, ...]
    figure_kind: str
    period: Period | None
    edtf: str
    bounds: tuple[str, ...]
    as_written: tuple[str, ...]
    claims: tuple[str, ...]
    notes: tuple[Footnote, ...]
    published: date | None

    @property
    def charted(self) -> tuple[Decimal, str]:
        """The value and the unit that a chart draws: of a share that is told as so many of so many, the per cent."""
        if self.out_of and self.measure.endswith("-share"):
            return self.value * 100 / self.out_of, _PERCENT
        return self.value, self.unit

    @property
    def kind(self) -> PeriodKind:
        """The kind of its period."""
        return self.period.kind if self.period else "none"

    @property
    def surely(self) -> bool:
        """Whether a claim is asserted, reported or planned, or none has a record."""
        return not self.notes or any(note.surely for note in self.notes)

    @property
    def is_actual(self) -> bool:
        """Whether it tells what is, not what is planned or wanted; charts draw only such figures, told surely."""
        return self.figure_kind in {"", str(CODE["figure-actual"])}

    @property
    def bound_names(self) -> tuple[str, ...]:
        """The names of its bounds other than ``exact``, such as ``over`` and ``record``."""
        names = (bound.rpartition("bound-")[2] for bound in self.bounds)
        return tuple(name for name in names if name != "exact")

    @property
    def parties(self) -> tuple[str, ...]:
        """Its areas and their counterparts."""
        return self.areas + self.counterparts


def observations(
    reader: Reader, selection: Selection, language: str, most: int = MAX_OBSERVATIONS
) -> list[Observation]:
    """The selected figures in all modalities, by measure and period; at most so many."""
    found = find(reader, selected(selection, most))
    facts = _facts(reader, found)
    notes = footnotes(reader, {claim for of in facts.values() for claim in of}, language)
    published = _publication_days(reader, {note.article for note in notes.values() if note.article})
    every = [each for iri in found for each in observations_told(iri, facts[iri], notes, published)]
    kept = [each for each in every if selection.kind in {None, each.kind}]
    return sorted(kept, key=_order)


def contested(given: Iterable[Observation]) -> dict[tuple[str, Decimal], list[Observation]]:
    """The figures that others contradict, by IRI and value, with the others; see `kg.conflicts.comparison`."""
    figures = {_figure(each): each for each in given}
    found: dict[tuple[str, Decimal], list[Observation]] = {}
    for several in disagreements(figures):
        for one in several:
            others = found.setdefault((one.iri, one.value), [])
            others += [o for f in several if one.disagrees(f) and (o := figures[f]) not in others]
    return found


def _figure(each: Observation) -> Figure:
    period = (each.period.start.isoformat(), each.period.end.isoformat()) if each.period else ("", "")
    return Figure(
        each.iri,
        each.value,
        ox.Literal(str(each.value)),
        each.measure,
        (frozenset(each.areas), frozenset(each.counterparts)),
        tuple(map(frozenset, ([each.unit], [each.figure_kind], each.groups, (), each.observed))),
        period,
        frozenset(each.bound_names),
        next(iter(each.as_written), ""),
        frozenset(each.claims),
    )


def selected(selection: Selection, most: int = MAX_OBSERVATIONS) -> Search:
    """The selected figures, but for the kind of period."""
    measure, value = node(str(KEL.measure)), node(str(KEL.value))
    wanted = f"VALUES ?m {{ {nodes(selection.measures)} }}" if selection.measures else ""
    sides = "|".join(node(str(KEL[name])) for name in _PARTIES)
    party = f"GRAPH ?p {{ ?thing {sides} {node(selection.party)} }}" if selection.party else ""
    figures = f"GRAPH ?c {{ ?thing {measure} ?m ; {value} ?v }}"
    return Search(f"{party} {wanted} {figures} {selection.told}", most, ordered=False)


def expect_observations(reader: Reader, selection: Selection, language: str) -> None:
    """Has what `observations` and the charts of them need read along with what is asked next."""
    facts = facts_about(reader, find(reader, selected(selection))).values()
    told = [fact for of in facts for fact in of if fact.claims and fact.predicate in _SHOWN]
    expect_footnotes(reader, claims_of(told), language)
    expect_labels(reader, {fact.iri for fact in told} - {""}, language)


FactsByClaim = Mapping[str, Mapping[str, Sequence[str]]]
"""The values of one figure by claim and local name of the property."""


def _facts(reader: Reader, found: Sequence[str]) -> Mapping[str, FactsByClaim]:
    facts: dict[str, dict[str, dict[str, list[str]]]] = {iri: {} for iri in found}
    for iri, told in facts_about(reader, found).items():
        for fact in told:
            for claim in fact.claims:
                of = facts[iri].setdefault(claim, defaultdict(list))
                of[fact.predicate.removeprefix(str(KEL))].append(fact.value.value)
    return facts


def _publication_days(reader: Reader, articles: set[str]) -> dict[str, date]:
    if not articles:
        return {}
    rows = reader.rows(
        f"SELECT ?a ?d WHERE {{ VALUES ?a {{ {nodes(articles)} }} ?a {node(str(KEL.earliest))} ?d }} LIMIT {_MAX_ROWS}"
    )
    return {str(row["a"].value): day for row in rows if (day := parse_day(str(row["d"].value)))}


def observations_told(
    iri: str, facts: FactsByClaim, notes: Mapping[str, Footnote], published: Mapping[str, date] = MappingProxyType({})
) -> list[Observation]:
    """One observation for each value that the claims give of a figure.

    facts: by claim and local name of the property. published: the earliest possible days of publication of articles.
    """
    values: dict[str, list[str]] = defaultdict(list)
    for claim, of in sorted(facts.items()):
        for value in of.get("value", ()):
            values[value].append(claim)
    return [
        _observation(iri, number, {claim: facts[claim] for claim in claims}, notes, published)
        for value, claims in sorted(values.items())
        if (number := _number(value)) is not None
    ]


def _observation(
    iri: str, value: Decimal, facts: FactsByClaim, notes: Mapping[str, Footnote], published: Mapping[str, date]
) -> Observation:
    def every(name: str) -> tuple[str, ...]:
        return tuple(sorted({v for of in facts.values() for v in of.get(name, ())}))

    def first(name: str) -> str:
        return next(iter(every(name)), "")

    given = tuple(notes[claim] for claim in facts if claim in notes)
    return Observation(
        iri=iri,
        measure=first("measure"),
        value=value,
        unit=first("unit"),
        out_of=_number(first("outOf")),
        areas=every("refArea"),
        counterparts=every("counterpartArea"),
        observed=every("observed"),
        groups=every("group"),
        figure_kind=first("figureKind"),
        period=_period(first("periodStart"), first("periodEnd"), first("dateBasis")),
        edtf=first("periodEdtf"),
        bounds=every("bound"),
        as_written=every("asWritten"),
        claims=tuple(facts),
        notes=given,
        published=min((published[note.article] for note in given if note.article in published), default=None),
    )


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _period(start: str, end: str, basis: str) -> Period | None:
    first, last = parse_day(start), parse_day(end)
    if first is None or last is None or last < first:
        return None
    return Period(first, last, inferred=basis == str(CODE["date-inferred"]))


def _order(each: Observation) -> tuple[object, ...]:
    when = each.period.start if each.period else each.published or date.max
    return each.measure, "\n".join(sorted(each.parties)), when, each.value, each.iri
