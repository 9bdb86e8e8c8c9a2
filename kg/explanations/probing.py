"""Runs parts of a query: whether they have rows, how many, which; each within a time, and all within a budget."""

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final, Protocol

from kg.engine.errors import BusyError, ClientDisconnectedError, QueryTimeoutError, StoppedError
from kg.explanations.editing import Changes, edited
from kg.explanations.pattern import Leaf, rendered
from kg.explanations.reading import Reading, read
from kg.store.reader import Row
from ontology import KelisimError

MOST_ROWS: Final = 1000
"""Rows are counted so far."""


class Source(Protocol):
    """What answers the parts of a query."""

    def rows(self, query: str, seconds: float) -> list[Row]:
        """The solutions of a SELECT query; raises KelisimError, and QueryTimeoutError after so many seconds."""

    def unknown(self, query: str, seconds: float) -> Mapping[str, Sequence[str]]:
        """The names of a query that do not occur in the data, with similar ones."""


@dataclass(frozen=True)
class Count:
    """A number of rows, or that there are more than `MOST_ROWS`."""

    number: int
    more: bool = False

    def __bool__(self) -> bool:
        return self.number > 0

    def __str__(self) -> str:
        return f">{self.number}" if self.more else str(self.number)


@dataclass
class Budget:
    """The seconds that one explanation and each of its queries may take."""

    seconds: float = 10.0
    each: float = 2.0
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        self.ends = time.monotonic() + self.seconds

    def extend(self) -> None:
        """Leaves a quarter of the whole for what comes last, if less is left."""
        self.ends = max(self.ends, time.monotonic() + self.seconds / 4)

    @property
    def left(self) -> float:
        """The seconds that the next query may take; 0 or less if there are none."""
        return min(self.each, self.ends - time.monotonic())


class Prober:
    """Runs parts of one query. What could not be run in time is None, and counted in `missed`."""

    def __init__(self, source: Source, reading: Reading, budget: Budget) -> None:
        self.source = source
        self.reading = reading
        self.budget = budget
        self.missed = 0
        """How many parts could not be run in time."""
        self.run = 0
        """How many queries were run."""
        self._known: dict[tuple[str, str], bool | None] = {}

    def rows(self, selected: str, pattern: str, limit: int = 20, dataset: str | None = None) -> list[Row] | None:
        """Solutions of a pattern: SELECT so many of what is selected."""
        clauses = self.reading.dataset if dataset is None else dataset
        return self._rows(f"{self.reading.prologue} SELECT {selected} {clauses} WHERE {{ {pattern} }} LIMIT {limit}")

    def exists(self, leaves: Set[Leaf], dataset: str | None = None) -> bool | None:
        """Whether elements together have a solution: they do if those that share variables do."""
        unknown = False
        for part in connected(leaves):
            found = self._exists(rendered(self.reading.focus, part), dataset)
            if found is False:
                return False
            unknown = unknown or found is None
        return None if unknown else True

    def exists_changed(self, leaves: Set[Leaf], changes: Changes, dataset: str | None, added: str) -> bool | None:
        """The same of elements with changes, as for `kg.explanations.editing.edited`."""
        return self._exists(f"{rendered(self.reading.focus, leaves, changes)} {added}", dataset)

    def _exists(self, pattern: str, dataset: str | None) -> bool | None:
        key = (pattern, self.reading.dataset if dataset is None else dataset)
        if key not in self._known:
            rows = self.rows("(1 AS ?_one)", pattern, 1, dataset)
            self._known[key] = None if rows is None else bool(rows)
        return self._known[key]

    def count(self, leaves: Set[Leaf], dataset: str | None = None) -> Count | None:
        """How many solutions elements have together."""
        pattern = rendered(self.reading.focus, leaves)
        return self._count(
            self.reading.prologue, self.reading.dataset if dataset is None else dataset, pattern, MOST_ROWS + 1
        )

    def count_query(self, query: str) -> Count | None:
        """How many rows a whole query has; where it has one row whatever there is, how many solutions its pattern."""
        found = self._as_pattern(query)
        return self._count(*found, MOST_ROWS + 1) if found else None

    def sample(self, query: str, limit: int) -> list[Row]:
        """Some rows of a whole query, or solutions of its pattern."""
        found = self._as_pattern(query)
        if not found:
            return []
        prologue, dataset, pattern = found
        return self._rows(f"{prologue} SELECT * {dataset} WHERE {{ {pattern} }} LIMIT {limit}") or []

    @staticmethod
    def _as_pattern(query: str) -> tuple[str, str, str] | None:
        """The prologue and dataset of a query, and a pattern whose solutions are its rows."""
        try:
            found = read(query)
        except KelisimError:
            return None
        if found.form != "SELECT" or (found.aggregates and "group_by" not in found.modifiers):
            pattern = rendered(found.root, frozenset(found.root.leaves()))
        else:
            begin = len(found.prologue)
            head = query[begin : found.clauses[0][0]] if found.clauses else query[begin : found.where]
            pattern = f"{{ {head} {query[found.where :]}\n}}"  # the query may end with a comment
        return found.prologue, found.dataset, pattern

    def count_edited(self, changes: Changes, dataset: str | None = None, added: str = "") -> tuple[str, Count | None]:
        """The query with changes, and how many rows it has."""
        text = edited(self.reading, changes, dataset=dataset, added=added)
        return text, self.count_query(text)

    def _count(self, prologue: str, dataset: str, pattern: str, limit: int) -> Count | None:
        rows = self._rows(
            f"{prologue} SELECT (COUNT(*) AS ?_rows) {dataset} WHERE {{ "
            f"{{ SELECT (1 AS ?_one) WHERE {{ {pattern} }} LIMIT {limit} }} }}"
        )
        if not rows:
            return None
        number = int(rows[0]["_rows"].value)
        return Count(min(number, MOST_ROWS), number > MOST_ROWS)

    def _rows(self, query: str) -> list[Row] | None:
        seconds = self.budget.left
        if seconds <= 0:
            self.missed += 1
            return None
        self.run += 1
        try:
            return self.source.rows(query, seconds)
        except (ClientDisconnectedError, StoppedError):
            raise
        except (QueryTimeoutError, BusyError):
            self.missed += 1
            return None
        except KelisimError:  # a part that the engine refuses, such as GRAPH with a subquery in it
            return None


def connected(leaves: Set[Leaf]) -> list[frozenset[Leaf]]:
    """The parts of a set of elements that share no variable."""
    parts = list[tuple[set[str], set[Leaf]]]()
    for leaf in leaves:
        names, own = set(leaf.used_with_graph), {leaf}
        apart = list[tuple[set[str], set[Leaf]]]()
        for part in parts:
            if part[0] & names:
                names |= part[0]
                own |= part[1]
            else:
                apart.append(part)
        parts = [*apart, (names, own)]
    return sorted((frozenset(own) for _, own in parts), key=lambda part: min(leaf.start for leaf in part))
