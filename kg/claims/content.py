"""What claims hold that a row about them shows: figures, and how long their plans reach."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from kg.views.footnotes import Footnote
from kg.views.trade import Observation, observations_told
from ontology.namespaces import CODE, KEL

_FIGURES: Final = tuple(
    str(KEL[name])
    for name in (
        *("measure", "value", "unit", "outOf", "refArea", "counterpartArea", "observed", "group", "figureKind"),
        *("periodStart", "periodEnd", "periodEdtf", "dateBasis", "bound", "asWritten"),
    )
)
_PLANNED: Final = str(KEL.plannedLatest)
_ABOUT: Final = str(KEL.about)
_PLAN: Final = str(CODE.planned)
_BATCH: Final = 500
_MOST_ROWS: Final = 60_000


@dataclass(frozen=True)
class Content:
    """Of one claim: the figures that it gives, and the last day (xsd:date) that it plans for, empty if none.

    A plan that names no day plans for the last day that any claim names for what it is about.
    """

    figures: tuple[Observation, ...] = ()
    planned_until: str = ""


def contents(reader: Reader, notes: Mapping[str, Footnote], claims: Iterable[str]) -> dict[str, Content]:
    """What each of the claims holds. notes: their footnotes."""
    facts: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    planned: dict[str, dict[str, str]] = defaultdict(dict)
    wanted = sorted(set(claims))
    shown = ", ".join(map(node, (*_FIGURES, _PLANNED)))
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        plans = [claim for claim in batch if claim in notes and notes[claim].modality == _PLAN]
        rows = reader.rows(
            f"SELECT DISTINCT ?claim ?thing ?p ?o WHERE {{ {{ VALUES ?claim {{ {nodes(batch)} }} "
            f"GRAPH ?claim {{ ?thing ?p ?o }} FILTER(?p IN ({shown})) }} "
            f"{_days_of_others(plans) if plans else ''} }} LIMIT {_MOST_ROWS:d}"
        )
        for row in rows:
            claim, name, value = (str(row[key].value) for key in ("claim", "p", "o"))
            if name in {_PLANNED, _ABOUT}:
                planned[claim][name] = max(planned[claim].get(name, ""), value)
            else:
                facts[claim][str(row["thing"].value)][name.removeprefix(str(KEL))].append(value)
    return {
        claim: Content(
            tuple(
                figure
                for thing, of in sorted(facts.get(claim, {}).items())
                for figure in observations_told(thing, {claim: of}, notes)
            ),
            planned[claim].get(_PLANNED) or planned[claim].get(_ABOUT, ""),
        )
        for claim in wanted
    }


def _days_of_others(plans: Iterable[str]) -> str:
    """The further solutions with the planned days, by any claim, of what plans are about, as values of `_ABOUT`."""
    return (
        f"UNION {{ VALUES ?claim {{ {nodes(plans)} }} ?claim {node(_ABOUT)} ?thing "
        f"GRAPH ?other {{ ?thing {node(_PLANNED)} ?o }} BIND({node(_ABOUT)} AS ?p) }}"
    )
