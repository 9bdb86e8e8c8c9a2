"""What is found out about a query without rows, as records for pages and the terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kg.explanations.probing import Count
from kg.store.reader import Row


@dataclass(frozen=True)
class Line:
    """An element of the query: its text, and its line and column counted from 1."""

    text: str
    line: int
    column: int


@dataclass(frozen=True)
class Step:
    """How many solutions an element has alone, and how many are left with all before it; None where that is not known.

    What constrains or extends rows (FILTER, OPTIONAL, MINUS, BIND) has no solutions of its own.
    """

    at: Line
    alone: Count | None
    through: Count | None


@dataclass(frozen=True)
class Finding:
    """One reason why there are no rows, and a mend.

    kind: its name for programs. template: an English message with ``%(name)s`` for each of `values`. lines: the
    elements that it is about, the first where the mend is. query: the mended query, with that many `rows` when it was
    run; empty if none was found. examples: solutions of it. claims: for what is hedged, who says it and how surely.
    """

    kind: str
    rank: int
    template: str
    values: Mapping[str, str]
    lines: Sequence[Line]
    query: str = ""
    rows: Count | None = None
    examples: Sequence[Row] = ()
    claims: Sequence[Mapping[str, str]] = ()

    @property
    def message(self) -> str:
        """The message in English."""
        return self.template % self.values


@dataclass
class Explanation:
    """Why a query has no rows, or what each element leaves of them.

    rows: those of the query; None if it took too long. failing: parts that have no solution, though each part of them
    has one. missed: how many parts were not run, for want of time.
    """

    rows: Count | None
    steps: Sequence[Step] = ()
    findings: Sequence[Finding] = ()
    failing: Sequence[Sequence[Line]] = field(default_factory=list)
    missed: int = 0
    run: int = 0
    seconds: float = 0.0
