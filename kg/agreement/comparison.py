"""The comparison of two curations of one text: alignment, measures, differences."""

from dataclasses import dataclass
from pathlib import Path

from kg.agreement.alignment import Alignment, align
from kg.agreement.differences import Difference, differences
from kg.agreement.measures import Measures, measure
from kg.agreement.sides import Side, chosen, read_side


@dataclass(frozen=True)
class Comparison:
    """Two sides with all that is told of their agreement; `left_out` are articles that only one side curates."""

    a: Side
    b: Side
    alignment: Alignment
    measures: Measures
    differences: tuple[Difference, ...]
    left_out: tuple[str, ...]

    @property
    def articles(self) -> list[str]:
        """The articles that are compared."""
        return sorted(self.a.articles)


def compare(
    a: Path, b: Path, *, shared: Path | None = None, articles: Path | None = None, article: str = ""
) -> Comparison:
    """Compares two folders of curated files, or two files of claims over a folder that both share.

    shared: the folder of the other curated files, for files of claims that do not lie in one; by default the nearest
    above them, else that in the package. articles: the folder of the articles' texts. article: compares only the
    claims of this one.
    Raises KelisimError if a side cannot be read, or if they have no article in common.
    """
    one, other, left_out = chosen(read_side(a, shared, articles), read_side(b, shared, articles), article)
    alignment = align(one, other)
    return Comparison(one, other, alignment, measure(one, other, alignment), tuple(differences(alignment)), left_out)
