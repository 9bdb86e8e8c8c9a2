"""What claims hold that a row about them shows: figures, and how long their plans reach."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from kg.views.footnotes import Footnote
from kg.views.trade import Observation, observations_told
from ontology.namespaces import KEL

_FIGURES: Final = tuple(
    str(KEL[name])
    for name in (
        *("measure", "value", "unit", "outOf", "refArea", "counterpartArea", "observed", "group", "figureKind"),
        *("periodStart", "periodEnd", "periodEdtf", "dateBasis", "bound", "asWritten"),
    )
)
_PLANNED: Final = str(KEL.plannedLatest)
_BATCH: Final = 500
_MOST_ROWS: Final = 60_000


@dataclass(frozen=True)
class Content:
    """Of one claim: the figures that it gives, and the last day (xsd:date) that it plans for, empty if none."""

    figures: tuple[Observation, ...] = ()
    planned_until: str = ""


def contents(reader: Reader, notes: Mapping[str, Footnote], claims: Iterable[str]) -> dict[str, Content]:
    """What each of the claims holds. notes: their footnotes."""
    facts: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    planned: dict[str, str] = {}
    wanted = sorted(set(claims))
    shown = ", ".join(map(node, (*_FIGURES, _PLANNED)))
    for start in range(0, len(wanted), _BATCH):
        rows = reader.rows(
            f"SELECT ?claim ?thing ?p ?o WHERE {{ VALUES ?claim {{ {nodes(wanted[start : start + _BATCH])} }} "
            f"GRAPH ?claim {{ ?thing ?p ?o }} FILTER(?p IN ({shown})) }} LIMIT {_MOST_ROWS:d}"
        )
        for row in rows:
            claim, name, value = (str(row[key].value) for key in ("claim", "p", "o"))
            if name == _PLANNED:
                planned[claim] = max(planned.get(claim, ""), value)
            else:
                facts[claim][str(row["thing"].value)][name.removeprefix(str(KEL))].append(value)
    return {
        claim: Content(
            tuple(
                figure
                for thing, of in sorted(facts.get(claim, {}).items())
                for figure in observations_told(thing, {claim: of}, notes)
            ),
            planned.get(claim, ""),
        )
        for claim in wanted
    }
