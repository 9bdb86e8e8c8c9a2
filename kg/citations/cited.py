"""An answer, and what each of its rows rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from kg.citations.annotations import ZERO, Annotation
from kg.citations.support import Supports, Term

Row = tuple[Term | None, ...]


class Citing(NamedTuple):
    """What is asked about citations.

    told: whether the answer is to tell them. certainty, sources: what a row must have at least, a modality (empty for
    any) and a number of independent sources. language: that of the texts of claims.
    """

    told: bool
    certainty: str = ""
    sources: int = 0
    language: str = "en"

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of a request to ``/sparql`` that asks this."""
        given = {"cite": "true" * self.told, "min-certainty": self.certainty, "min-sources": str(self.sources or "")}
        return {name: value for name, value in given.items() if value}

    @property
    def chooses(self) -> bool:
        """Whether rows are chosen by what they rest on."""
        return bool(self.certainty or self.sources)


TOLD: Final = Citing(True)
"""All citations, and no choice by them."""


@dataclass(frozen=True)
class Asked:
    """A query whose answer is to be cited, and the graphs of its dataset, as `Engine.query` takes them."""

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    new_graphs: bool = False
    citing: Citing = TOLD


@dataclass(frozen=True)
class Missing:
    """What a row rests on being told nowhere: a pattern with the row's values, and why it counts."""

    kind: str
    pattern: str


@dataclass(frozen=True)
class Member:
    """A row that went into a group: the values of its variables, and what it rests on."""

    values: Mapping[str, Term]
    annotation: Annotation


@dataclass
class Citation:
    """What one row rests on.

    missing: what is told nowhere. uncited: parts of the query for which nothing can be cited. members: the rows of a
    group that are listed, None if there is no group; `of` is the number of all, `annotations` what all rest on.
    """

    annotation: Annotation = ZERO
    missing: dict[Missing, None] = field(default_factory=dict)
    uncited: dict[str, None] = field(default_factory=dict)
    members: list[Member] | None = None
    annotations: dict[Annotation, None] = field(default_factory=dict)
    of: int = 0

    def add(self, other: "Citation") -> None:
        """Takes in another solution that gives the same row."""
        self.annotation = self.annotation + other.annotation
        self.missing.update(other.missing)
        self.uncited.update(other.uncited)

    def copy(self) -> "Citation":
        """The same for another row: what is added to one is not added to the other."""
        return replace(self, missing={**self.missing}, uncited={**self.uncited})


@dataclass
class Cited:
    """An answer with what each of its rows rests on.

    rows: those of SELECT, one of no columns for an ASK that is true, the triples of CONSTRUCT and DESCRIBE. limit,
    offset: those of a SELECT.
    """

    form: str
    columns: tuple[str, ...]
    rows: list[Row]
    citations: list[Citation]
    supports: Supports
    limit: int | None = None
    offset: int = 0


def merge(found: dict[Row, Citation], row: Row, citation: Citation) -> None:
    """Takes in another solution that gives the row; the citation then belongs to that row."""
    known = found.get(row)
    if known is None:
        found[row] = citation
    else:
        known.add(citation)
