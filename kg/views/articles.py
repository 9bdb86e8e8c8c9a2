"""Articles: their records, and their claims and omissions in the order of the text."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.language.labels import Label, labels, preferred_label
from kg.store.reader import Reader, Row, node, nodes
from kg.views.footnotes import Footnote, footnotes

ARTICLES_PER_PAGE: Final = 50
"""The maximum number of articles on a page."""

PARAGRAPHS_PER_PAGE: Final = 30
"""The number of paragraphs of an article on a page: by its number alone a link finds the page of a paragraph."""

MAX_CLAIMS: Final = 1_000
"""The maximum number of claims of an article on a page."""


@dataclass(frozen=True)
class Article:
    """The record of an article.

    `earliest` and `latest` bound the day of publication (``xsd:date``); values missing from the record are empty.
    """

    iri: str
    label: Label
    publisher: str
    publisher_label: Label
    translator: str
    translator_label: Label
    language: str
    earliest: str
    latest: str
    sha256: str
    note: Label


@dataclass(frozen=True)
class PassageLocation:
    """The location of a passage: paragraph, and character offsets from `start` up to but not including `end`."""

    passage: str
    paragraph: int
    start: int
    end: int
    sha256: str


@dataclass(frozen=True)
class ArticlePage:
    """A page of an article in the order of the text: claims with locations, and omitted paragraphs with the reason.

    more: there are more claims after these, in the same paragraphs. every: the numbers of all paragraphs of the article
    with claims or with a reason for having none; empty if only some of the claims were asked for.
    """

    claims: tuple[tuple[Footnote, PassageLocation], ...]
    omissions: dict[int, Label]
    more: bool
    every: tuple[int, ...] = ()

    @property
    def paragraphs(self) -> list[int]:
        """The numbers of the paragraphs with claims or with a reason for having none."""
        return sorted({place.paragraph for _, place in self.claims} | self.omissions.keys())


def newest_articles(reader: Reader, language: str, offset: int = 0, limit: int = ARTICLES_PER_PAGE) -> list[Article]:
    """The articles by date, the latest first; those without a date last."""
    rows = reader.rows(
        f"{_PREFIXES} SELECT ?article (MAX(?day) AS ?last) WHERE {{ ?article a kel:Article "
        f"OPTIONAL {{ ?article kel:latest ?day }} }} GROUP BY ?article ORDER BY DESC(?last) ?article "
        f"LIMIT {limit:d} OFFSET {offset:d}"
    )
    return describe_articles(reader, [str(row["article"].value) for row in rows], language)


def count_articles(reader: Reader) -> int:
    """The number of articles."""
    rows = reader.rows(
        f"{_PREFIXES} SELECT (COUNT(DISTINCT ?article) AS ?n) WHERE {{ ?article a kel:Article }} LIMIT 1"
    )
    return int(rows[0]["n"].value)


def describe_articles(reader: Reader, iris: Iterable[str], language: str) -> list[Article]:
    """The records of the given articles, in the order of `iris`; IRIs of other things are ignored."""
    wanted = list(dict.fromkeys(iris))
    rows: dict[str, Row] = {}
    for row in reader.rows(_RECORDS % (nodes(wanted), 20 * len(wanted) + 1)):
        rows.setdefault(str(row["article"].value), row)
    named = {str(r[n].value) for r in rows.values() for n in ("publisher", "translator") if n in r}
    names = labels(reader, [*rows, *named], language)
    return [_article(iri, rows[iri], names) for iri in wanted if iri in rows]


def claim_counts(reader: Reader, articles: Iterable[str]) -> dict[str, int]:
    """The number of claims of each article; an article without claims is missing."""
    iris = sorted(set(articles))
    rows = reader.rows(
        f"{_PREFIXES} SELECT ?article (COUNT(DISTINCT ?claim) AS ?n) WHERE {{ VALUES ?article {{ {nodes(iris)} }} "
        f"?passage kel:article ?article . ?claim kel:passage ?passage }} GROUP BY ?article LIMIT {len(iris) + 1:d}"
    )
    return {str(row["article"].value): int(row["n"].value) for row in rows if "article" in row}


def first_of_page(paragraph: int) -> int:
    """The number of the first paragraph on the page that shows a paragraph."""
    return max(0, paragraph - 1) // PARAGRAPHS_PER_PAGE * PARAGRAPHS_PER_PAGE + 1


def read_article(reader: Reader, article: str, language: str, first: int = 1, limit: int = MAX_CLAIMS) -> ArticlePage:
    """The claims of the page of an article that begins with a paragraph, in the order of the text; at most `limit`."""
    last = first + PARAGRAPHS_PER_PAGE - 1
    rows = reader.rows(_CLAIMS % (node(article), first, last, limit + 1))
    more, rows = len(rows) > limit, rows[:limit]
    notes = footnotes(reader, [str(row["claim"].value) for row in rows], language)
    where = {str(row["passage"].value): row for row in rows}
    places = {iri: _place(iri, row) for iri, row in where.items()}
    claims = [
        (notes[claim], places[str(row["passage"].value)]) for row in rows if (claim := str(row["claim"].value)) in notes
    ]
    every = _paragraphs(reader, article, language) if limit == MAX_CLAIMS else {}
    left_out = {number: note for number, note in every.items() if note and first <= number <= last}
    return ArticlePage(tuple(claims), left_out, more, tuple(sorted(every)))


_MAX_PARAGRAPHS: Final = 5_000

_PREFIXES: Final = """
PREFIX kel: <https://w3id.org/kelisim/ns#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX oa: <http://www.w3.org/ns/oa#>
"""

_RECORDS: Final = f"""{_PREFIXES}
SELECT ?article ?publisher ?translator ?language ?earliest ?latest ?sha256 ?note WHERE {{
  VALUES ?article {{ %s }}
  ?article a kel:Article .
  OPTIONAL {{ ?article dcterms:publisher ?publisher }}
  OPTIONAL {{ ?article kel:translator ?translator }}
  OPTIONAL {{ ?article dcterms:language ?language }}
  OPTIONAL {{ ?article kel:earliest ?earliest }}
  OPTIONAL {{ ?article kel:latest ?latest }}
  OPTIONAL {{ ?article kel:sha256 ?sha256 }}
  OPTIONAL {{ ?article kel:note ?note }}
}} ORDER BY ?article ?publisher LIMIT %d
"""

# Within a paragraph, claims are numbered in the order of the text; the shorter IRI has the lower number.
_CLAIMS: Final = f"""{_PREFIXES}
SELECT ?claim ?passage ?paragraph ?start ?end ?sha256 WHERE {{
  ?passage kel:article %s ; kel:paragraph ?paragraph .
  ?claim kel:passage ?passage .
  OPTIONAL {{ ?passage kel:sha256 ?sha256 }}
  OPTIONAL {{ ?passage oa:hasSelector ?selector . ?selector oa:start ?start ; oa:end ?end }}
  FILTER(?paragraph >= %d && ?paragraph <= %d)
}} ORDER BY ?paragraph STRLEN(STR(?claim)) STR(?claim) LIMIT %d
"""


def _paragraphs(reader: Reader, article: str, language: str) -> dict[int, Label | None]:
    """The numbers of the paragraphs told of, each with the reason for having no claims, or None."""
    rows = reader.rows(
        f"{_PREFIXES} SELECT DISTINCT ?paragraph ?note WHERE {{ ?part kel:article {node(article)} ; "
        f"kel:paragraph ?paragraph OPTIONAL {{ ?part a kel:Omission ; kel:note ?note }} }} LIMIT {_MAX_PARAGRAPHS:d}"
    )
    texts: dict[int, list[ox.Literal]] = defaultdict(list)
    for row in rows:
        texts[_number(row, "paragraph")] += [note for note in [row.get("note")] if isinstance(note, ox.Literal)]
    return {number: preferred_label(several, language) if several else None for number, several in texts.items()}


def _article(iri: str, row: Row, names: dict[str, Label]) -> Article:
    values = {
        name: _value(row, name) for name in ("publisher", "translator", "language", "earliest", "latest", "sha256")
    }
    return Article(
        iri=iri,
        label=names[iri],
        publisher_label=names.get(values["publisher"], Label("")),
        translator_label=names.get(values["translator"], Label("")),
        note=_label(row, "note"),
        **values,
    )


def _place(iri: str, row: Row) -> PassageLocation:
    paragraph, start, end = (_number(row, name) for name in ("paragraph", "start", "end"))
    return PassageLocation(iri, paragraph, start, end, _value(row, "sha256"))


def _label(row: Row, name: str) -> Label:
    return Label(_value(row, name), getattr(row.get(name), "language", "") or "")


def _value(row: Row, name: str) -> str:
    return str(row[name].value) if name in row else ""


def _number(row: Row, name: str) -> int:
    value = _value(row, name)
    return int(value) if value.isdecimal() else 0
