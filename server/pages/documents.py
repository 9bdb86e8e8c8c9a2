"""``/documents``: documents and packages by party, kind, stage, year and words, with their stage tracks."""

import csv
import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from flask import Blueprint, Response, render_template

from kg.engine.errors import TooLargeError
from kg.language.labels import Label
from kg.views.facts import Fact
from kg.views.instruments import Instrument, Stage, documents, instruments, kinds, parties, stages, years
from kg.views.listings import Listing
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import table
from server.pages.filters import Choice, Filters, choices
from server.pages.notes import Notes, notes

MOST_IN_FILE: Final = 5_000
"""The limit of documents in a CSV file of the list; longer lists are refused with 413, not truncated."""

_COLUMNS: Final = (
    *("document", "name", "package", "document_count", "kind", "parties", "stage", "earliest", "latest"),
    *("planned_earliest", "planned_latest", "event", "speaker", "modality", "claim"),
    "stage_of",
)


def blueprint(site: Site) -> Blueprint:
    """The list of documents of a site, as a page and as CSV."""
    routes = Blueprint("documents", __name__)

    @lru_cache(maxsize=8)
    def offered(version: str, code: str) -> dict[str, list[Choice]]:
        reader = site.reader
        return {
            "party": choices(reader, parties(reader), code),
            "kind": choices(reader, kinds(reader), code),
            "stage": choices(reader, stages(reader), code, by_name=False),
            "year": [Choice(str(year), str(year), Label(str(year))) for year in years(reader)],
        }

    def arguments(filters: Filters) -> dict[str, Any]:
        fields = offered(site.store.version, language())
        return {
            "party": filters.choice("party", translate("Party"), fields["party"]),
            "kind": filters.choice("kind", translate("Kind"), fields["kind"]),
            "stage": filters.choice("stage", translate("Stage"), fields["stage"]),
            "year": int(filters.choice("year", translate("Year"), fields["year"]) or 0),
            "words": filters.words(),
            "by_date": filters.order == "date",
            "descending": filters.descending,
            "number": filters.page(),
        }

    @routes.get("/documents")
    def page() -> tuple[str, int]:
        """A page of the documents that match the filters; 400 with a message if a filter is invalid."""
        filters = Filters("name", "date")
        chosen = arguments(filters)
        listing = Listing((), 0) if filters.problems else documents(site.reader, language(), **chosen)
        shown = instruments(site.reader, listing.things)
        body = render_template(
            "pages/documents.html",
            filters=filters,
            fields=offered(site.store.version, language()),
            listing=listing,
            shown=shown,
            page=notes(site.reader, language(), _cited(shown), (shown, track_codes(shown))),
        )
        return body, 400 if filters.problems else 200

    @routes.get("/documents.csv")
    def file() -> Response:
        """The same list as CSV (`table`), a row for each claim of a stage, its own or of a package
        that it is part of (``stage_of``); 413 if it is longer than `MOST_IN_FILE`."""
        filters = Filters("name", "date")
        chosen = arguments(filters)
        if filters.problems:
            return Response("\n".join(filters.problems) + "\n", status=400, mimetype="text/plain")
        listing = documents(site.reader, language(), **chosen | {"number": 1}, size=MOST_IN_FILE)
        if listing.total > MOST_IN_FILE:
            message = translate("The list is longer than %(most)s documents. Narrow it, or take the whole dataset.")
            raise TooLargeError(message % {"most": MOST_IN_FILE})
        shown = instruments(site.reader, listing.things)
        return table("documents", _csv(shown, notes(site.reader, language(), shown)))

    return routes


def context(site: Site, iri: str, language: str) -> dict[str, Any]:
    """Template variables of the page of a document or package: its parties and its stage track."""
    (shown,) = instruments(site.reader, [iri])
    return {
        "shown": shown,
        "page": notes(site.reader, language, (shown.counts, track_facts(shown)), (shown, track_codes([shown]))),
    }


def _cited(shown: list[Instrument]) -> object:
    """The facts of documents that have footnotes, in the order of the page."""
    return [(each.counts, each.kinds, each.parties, each.periods, track_facts(each)) for each in shown]


def track_facts(each: Instrument) -> object:
    """The facts of a document's track that have footnotes: its stages, and their dates or those of their events."""
    steps = [(s.code, s.dates or s.event_dates) for step in each.told_by.lifecycle for s in step.stages]
    return [fact for fact, _ in each.wholes], steps


def track_codes(shown: list[Instrument]) -> set[str]:
    """The codes of all stages in the tracks of documents, attested or not, to read their names."""
    return {step.code for each in shown for step in each.told_by.lifecycle}


def _csv(shown: list[Instrument], page: Notes) -> str:
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(_COLUMNS)
    for each in shown:
        head = (
            each.iri,
            page.name(each.iri),
            str(each.is_package).lower(),
            _values(each.counts),
            _values(each.kinds),
            _values(each.parties),
        )
        lines = [(*line, each.told_by.iri) for stage in each.told_by.stages for line in _lines(stage, page)]
        writer.writerows((*head, *line) for line in lines or [("",) * 10])
    return output.getvalue()


def _lines(stage: Stage, page: Notes) -> Iterator[tuple[str, ...]]:
    held = next((moment for moment in stage.dates if moment.kind == "held"), None)
    planned = next((moment for moment in stage.dates if moment.kind == "planned"), None)
    days = [(moment.first, moment.last) if moment else ("", "") for moment in (held, planned)]
    for _, note in page.notes(stage.code.claims):
        yield stage.code.iri, *days[0], *days[1], _values(stage.events), note.speaker, note.modality, note.claim


def _values(facts: tuple[Fact, ...]) -> str:
    return " ".join(str(fact.value.value) for fact in facts)
