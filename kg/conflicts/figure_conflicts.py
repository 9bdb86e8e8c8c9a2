"""The conflicts of figures: those that disagree, and those that give one rank to several."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

import pyoxigraph as ox

from kg.conflicts.comparison import STOCKS, disagreements, groups
from kg.conflicts.evidence import Evidence
from kg.conflicts.figures import NO_PERIOD, Figure, Period
from kg.conflicts.intervals import number
from kg.conflicts.model import Conflict, side, sides
from kg.engine.reading import Term
from ontology.namespaces import CODE, KEL

_RANK: Final = str(CODE["measure-trade-rank"])


def figure_conflicts(evidence: Evidence, given: Iterable[Figure]) -> Iterator[Conflict]:
    """The conflicts between figures, one for each group and period, and one for each pair of unequal periods."""
    figures = [figure for figure in given if any(figure.parties) or figure.rest[-1]]
    for found in disagreements(figures):
        yield _conflict(evidence, found)
    for same in groups((f for f in figures if f.measure == _RANK), _rank_key):
        if len({f.parties[1] for f in same}) > 1 and len({f.claims for f in same}) > 1:
            yield _conflict(evidence, same, str(KEL.counterpartArea))


def _rank_key(figure: Figure) -> object:
    return figure.measure, figure.parties[0], figure.rest, figure.period, figure.value


def _conflict(evidence: Evidence, found: Sequence[Figure], on: str = str(KEL.value)) -> Conflict:
    by_value: dict[tuple[object, ...], list[Figure]] = defaultdict(list)
    for figure in found:
        by_value[figure.value, figure.bounds, figure.period, figure.parties].append(figure)
    periods = sorted({figure.period for figure in found} - {NO_PERIOD})
    one, ranked = found[0], on != str(KEL.value)
    things = {iri for figure in found for group in (*figure.parties, figure.rest[-1]) for iri in group}
    key = (one.measure, *("/".join(sorted(group)) for group in (*one.key_parties(ranked=ranked), *one.rest)))
    return Conflict(
        "figures",
        (*key, *(day for period in periods for day in period), str(one.value) if ranked else ""),
        on,
        (one.measure, *sorted(things)),
        sides(
            (
                side(
                    [ox.NamedNode(iri) for f in same for iri in f.parties[1]] if ranked else [f.term for f in same],
                    [f.iri for f in same],
                    [claim for f in same for claim in f.claims],
                )
                for same in by_value.values()
            ),
            lambda each: (_least(each.values), each.things),
        ),
        _caveats(evidence, found, periods),
    )


def _least(values: Iterable[Term]) -> Decimal:
    return min((number(v.value) or Decimal(0) for v in values if isinstance(v, ox.Literal)), default=Decimal(0))


def _caveats(evidence: Evidence, found: Sequence[Figure], periods: Sequence[Period]) -> frozenset[str]:
    claims = {claim for figure in found for claim in figure.claims}
    undated = any(figure.period == NO_PERIOD for figure in found)
    joint = max(f.strict.low for f in found) < min(f.strict.high for f in found)
    reasons = {
        "no-period": undated,
        "other-period": len(periods) > 1,
        "other-time": (undated or found[0].measure in STOCKS) and evidence.articles_differ(claims),
        "inferred-date": any(
            told.value.value == str(CODE["date-inferred"]) for f in found for told in evidence.of(f.iri, "dateBasis")
        ),
        "bound": joint,
        "counting": len({evidence.record(claim).speaker for claim in claims}) > 1,
    }
    return frozenset(name for name, holds in reasons.items() if holds)
