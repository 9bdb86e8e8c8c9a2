"""``/claims``: every claim, by who says it, how surely, in which article, when, of what, and what kind of fact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from kg.charts.trade_charts import in_words, when
from kg.claims.citing import sentence, sources
from kg.claims.content import contents
from kg.claims.facets import FACETS, ClaimTable, Selection
from kg.claims.kinds import TITLES
from kg.claims.reading import claims_with_words, count_by_facet
from kg.engine.errors import TooLargeError
from kg.language.collation import key
from kg.language.labels import labels
from kg.language.messages import gettext_noop
from kg.language.periods import parse_day
from kg.rdf.formats import GRAPH_FORMATS
from kg.store.reader import Reader
from kg.views.footnotes import footnotes
from kg.views.listings import Listing
from kg.views.notes import Notes
from kg.views.quotations import quotations
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.negotiation import CONTENT_TYPES
from server.http.site import Site
from server.http.tables import SUFFIXES, tabular
from server.pages.claim_files import claim_table, dataset
from server.pages.facets import (
    Naming,
    by_certainty,
    chips,
    chosen_values,
    file_link,
    link,
    meant,
    shown_facets,
    slug,
    unknown_choice,
)
from server.pages.filters import Filters

PAGE_SIZE: Final = 40

MOST_IN_FILE: Final = 20_000
"""The limit of claims in a file of the list; longer lists are refused with 413, not truncated."""

FACET_TITLES: Final[Mapping[str, str]] = {
    "speaker": gettext_noop("Who says so"),
    "certainty": gettext_noop("How surely"),
    "article": gettext_noop("Article"),
    "year": gettext_noop("Year of the article"),
    "topic": gettext_noop("Topic"),
    "thing": gettext_noop("About whom or what"),
    "kind": gettext_noop("Kind of fact"),
}

_WORDS: Final = frozenset({"year", "kind"})
"""The facets whose values are words and no things."""

_DATASETS: Final = {form.extension: form for form in GRAPH_FORMATS if form.quads}


@dataclass(frozen=True)
class Asked:
    """What a request asks for: the table of claims, the selection, and the places of the selected claims in order."""

    table: ClaimTable
    selection: Selection
    found: Sequence[int]
    filters: Filters
    words: str
    page: int = 1

    @property
    def claims(self) -> list[str]:
        """The IRIs of the selected claims in order."""
        return [self.table.claims[number].iri for number in self.found]


def blueprint(site: Site) -> Blueprint:
    """The list of claims of a site, as a page and as files."""
    routes = Blueprint("claims", __name__)

    @routes.get("/claims")
    def page() -> tuple[str, int]:
        """A page of the claims that fit what is chosen; 400 with a message if something is no choice."""
        asked = _asked(site, paged=True)
        number = asked.page
        shown = asked.claims[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        counted = asked.found if not asked.filters.problems else range(len(asked.table.claims))
        facets = shown_facets(
            [(facet.name, translate(FACET_TITLES[facet.name]), facet.narrows) for facet in FACETS],
            asked.table.counts(asked.selection, counted),
            asked.selection.chosen,
            Naming(site.reader, {"year": str, "kind": lambda kind: translate(TITLES[kind])}),
            {"certainty": by_certainty, "year": lambda year: -int(year) if year.isdecimal() else 0},
        )
        others = [
            ("text", translate("Words"), asked.words),
            ("since", translate("Since"), asked.selection.since),
            ("until", translate("Until"), asked.selection.until),
        ]
        body = render_template(
            "pages/claims.html",
            filters=asked.filters,
            facets=facets,
            chips=chips(facets, others),
            listing=Listing((), len(asked.found), number, PAGE_SIZE),
            every=len(asked.table.claims),
            link=link,
            file_link=file_link,
            host=request.url_root.rstrip("/"),
            **_rows(site, shown),
        )
        return body, 400 if asked.filters.problems else 200

    @routes.get("/claims.<suffix>")
    def file(suffix: str) -> Response:
        """The whole list as a table, or as linked data with each claim in its graph; 413 beyond `MOST_IN_FILE`."""
        if suffix not in (*SUFFIXES, *_DATASETS):
            offered = ", ".join((*SUFFIXES, *_DATASETS))
            raise ProblemError(404, "Not found", f"There is no claims.{suffix}; there is: {offered}.")
        asked = _asked(site)
        if asked.filters.problems:
            raise ProblemError(400, "Malformed request", " ".join(asked.filters.problems))
        if len(asked.found) > MOST_IN_FILE:
            message = translate("The list is longer than %(most)s claims. Narrow it, or take the whole dataset.")
            raise TooLargeError(message % {"most": MOST_IN_FILE})
        if form := _DATASETS.get(suffix):
            return Response(dataset(site.reader, asked.claims, form), content_type=CONTENT_TYPES[form.name])
        return tabular(claim_table(site, asked.table, asked.claims), suffix)

    return routes


def claims_of(reader: Reader, iri: str) -> list[tuple[str, str, int]]:
    """The lists of claims with a thing chosen: the facet, the address and the number, of each that is not empty."""
    found = count_by_facet(reader, iri)
    return [(facet, f"/claims?{urlencode({facet: slug(facet, iri)}, safe='/:')}", n) for facet, n in found.items()]


def _asked(site: Site, *, paged: bool = False) -> Asked:
    """What the request asks for, as a page or as a whole; what is no choice is told in the problems of the filters."""
    filters = Filters("text", "date", "speaker")
    table = site.claims.get().table
    chosen: dict[str, tuple[str, ...]] = {}
    for facet in FACETS:
        values = chosen_values(facet.name)
        means = {value: value if facet.name in _WORDS else meant(facet.name, value) for value in values}
        for value, thing in means.items():
            if not table.has(facet.name, thing):
                filters.problems.append(unknown_choice(value, translate(FACET_TITLES[facet.name])))
        chosen[facet.name] = tuple(dict.fromkeys(means.values()))
    words, (since, until) = filters.words(), (_day(filters, name) for name in ("since", "until"))
    number = filters.page() if paged else 1
    request.args.get("more")  # a parameter that the page reads
    if filters.problems:
        return Asked(table, Selection(), (), filters, words)
    among = claims_with_words(site.reader, words) if words else None
    selection = Selection(chosen, among, since, until)
    return Asked(table, selection, _sorted(site, table, table.select(selection), filters), filters, words, number)


def _sorted(site: Site, table: ClaimTable, found: list[int], filters: Filters) -> list[int]:
    """The selected claims in the order asked for: that of the text, by the date of the article, or by speaker."""
    if filters.order == "date":
        found.sort(key=lambda number: (table.claims[number].latest, table.claims[number].article))
    elif filters.order == "speaker":
        speakers = {speaker for number in found for speaker in table.claims[number].speakers}
        names = {iri: key(name.text) for iri, name in labels(site.reader, speakers, language()).items()}
        found.sort(key=lambda number: [names[speaker] for speaker in table.claims[number].speakers])
    return found[::-1] if filters.descending else found


def _day(filters: Filters, name: str) -> str:
    value = request.args.get(name, "")
    if value and parse_day(value) is None:
        message = translate("“%(value)s” is no day. Write one as %(example)s.")
        filters.problems.append(message % {"value": value, "example": "2024-11-27"})
        return ""
    return value


def _rows(site: Site, claims: Sequence[str]) -> dict[str, Any]:
    """Template variables of the rows: footnotes, what the claims hold, their passages, and how to cite them."""
    reader = site.reader
    notes = footnotes(reader, claims, language())
    held = contents(reader, notes, claims)
    articles = sources(reader, (note.article for note in notes.values()), language())
    figures = [figure for each in held.values() for figure in each.figures]
    named = {
        iri for f in figures for iri in (f.measure, *f.parties, *f.observed, *f.groups, f.figure_kind) if ":" in iri
    }
    return {
        "rows": [notes[claim] for claim in claims if claim in notes],
        "held": held,
        "articles": articles,
        "quoted": quotations(reader, site.article_store, (note.passage for note in notes.values())),
        "cited": {
            claim: sentence(note, articles[note.article], language(), translate) if note.article in articles else ""
            for claim, note in notes.items()
        },
        "page": Notes(notes, labels(reader, named, language())),
        "in_words": lambda each: in_words(each, language(), translate),
        "when": lambda each: when(each, language(), translate),
    }
