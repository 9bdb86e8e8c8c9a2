"""Paginated lists of things, by name or date."""

from dataclasses import dataclass
from typing import Final

from kg.language.collation import sparql_key
from kg.language.labels import FALLBACK_LANGUAGE
from kg.store.reader import Reader, text

PAGE_SIZE: Final = 50
MAX_CHOICES: Final = 1_000
"""The most choices of a filter."""
_MAX_SPAN_YEARS: Final = 10

_NAMED: Final = "<http://www.w3.org/2000/01/rdf-schema#label>|<http://www.w3.org/2004/02/skos/core#altLabel>"
_LABEL: Final = "<http://www.w3.org/2000/01/rdf-schema#label>"


@dataclass(frozen=True)
class Listing:
    """The IRIs of one page of a list; `total` is the length of the list, `number` counts pages from 1."""

    things: tuple[str, ...]
    total: int
    number: int = 1
    size: int = PAGE_SIZE

    @property
    def pages(self) -> int:
        """The number of pages; an empty list has one."""
        return max(1, -(-self.total // self.size))

    @property
    def is_beyond(self) -> bool:
        """Whether this page is one after the last."""
        return self.number > self.pages and self.total > 0


def listing(  # noqa: PLR0913 - what is listed, in which order, and which part of it
    reader: Reader,
    pattern: str,
    language: str,
    *,
    key: str = "",
    descending: bool = False,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Listing:
    """A page of the distinct things that a graph pattern binds to ``?thing``.

    Ordered by label in the language (else in English), or by the value that the pattern `key` binds to ``?key``; things
    without a key come last.
    """
    total = reader.rows(f"SELECT (COUNT(DISTINCT ?thing) AS ?total) WHERE {{ {pattern} }}")
    ordered = f"OPTIONAL {{ {key} }}" if key else ""
    rows = reader.rows(
        f"SELECT ?thing (MIN(?name) AS ?named) {'(MAX(?key) AS ?by)' if key else ''} WHERE {{ "
        f"{{ SELECT DISTINCT ?thing WHERE {{ {pattern} }} }} {_names(language)} {ordered} }} GROUP BY ?thing "
        f"ORDER BY {_order(descending, by_key=bool(key))} LIMIT {size} OFFSET {(number - 1) * size}"
    )
    return Listing(
        tuple(str(row["thing"].value) for row in rows), int(total[0]["total"].value) if total else 0, number, size
    )


def distinct(reader: Reader, pattern: str, name: str) -> list[str]:
    """The distinct values that a pattern binds to a variable, such as the choices of a filter; at most 1000."""
    rows = reader.rows(f"SELECT DISTINCT ?{name} WHERE {{ {pattern} }} ORDER BY ?{name} LIMIT {MAX_CHOICES}")
    return [str(row[name].value) for row in rows]


def years_within(reader: Reader, pattern: str) -> list[int]:
    """The years from ``?from`` to ``?until`` (days) in the solutions of a pattern, the latest first.

    Of a span of more than ten years only the first year is included: a date such as a century is not in every year.
    """
    span = "(YEAR(?from) AS ?first) (YEAR(?until) AS ?last)"
    rows = reader.rows(f"SELECT DISTINCT {span} WHERE {{ {pattern} }} LIMIT {MAX_CHOICES}")
    spans = [(int(row["first"].value), int(row["last"].value)) for row in rows if "first" in row and "last" in row]
    found = {year for a, b in spans for year in range(a, (b if b - a < _MAX_SPAN_YEARS else a) + 1)}
    return sorted(found, reverse=True)


def name_contains(words: str) -> str:
    """The pattern that matches if a label of ``?thing``, in any language, contains the words."""
    return f"?thing {_NAMED} ?spelt FILTER(CONTAINS(LCASE(STR(?spelt)), LCASE({text(words)})))"


def _names(language: str) -> str:
    own = f"OPTIONAL {{ ?thing {_LABEL} ?own FILTER(LANG(?own) = {text(language)}) }}"
    other = f"OPTIONAL {{ ?thing {_LABEL} ?other FILTER(LANG(?other) = {text(FALLBACK_LANGUAGE)}) }}"
    key = sparql_key("COALESCE(?own, ?other, ?thing)", language)
    return f"{own} {other} BIND({key} AS ?name)"


def _order(descending: bool, *, by_key: bool) -> str:
    if not by_key:
        return "DESC(?named) ?thing" if descending else "?named ?thing"
    return f"(!BOUND(?by)) {'DESC' if descending else 'ASC'}(?by) ?named ?thing"
