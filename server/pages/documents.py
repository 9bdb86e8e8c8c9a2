"""``/documents``: documents and packages by party, kind, stage, year and words, with their stage tracks."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, render_template, request

from kg.language.labels import Label
from kg.tabular.table import Field, Table
from kg.views.facts import Fact, claims_of
from kg.views.instruments import (
    Instrument,
    Stage,
    documents,
    instruments,
    kinds,
    parties,
    selected_documents,
    stages,
    years,
)
from kg.views.listings import Listing
from kg.views.timelines import Moment
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import tabular
from server.pages.facets import file_link, link
from server.pages.filters import Choice, Filters, choices
from server.pages.list_files import MOST_IN_FILE, bounded, checked, days, of_notes, said_fields, table_of, values
from server.pages.notes import Notes, notes
from server.pages.told import NOTHING, ToldFacets


def blueprint(site: Site) -> Blueprint:
    """The list of documents of a site, as a page and as files."""
    routes = Blueprint("documents", __name__)
    facets = ToldFacets(site)

    @lru_cache(maxsize=8)
    def offered(version: str, code: str) -> dict[str, list[Choice]]:
        reader = site.reader
        return {
            "party": choices(reader, parties(reader), code),
            "kind": choices(reader, kinds(reader), code),
            "stage": choices(reader, stages(reader), code, by_name=False),
            "year": [Choice(str(year), str(year), Label(str(year))) for year in years(reader)],
        }

    def selection(filters: Filters) -> dict[str, Any]:
        fields = offered(site.store.version, language())
        return {
            "party": filters.choice("party", translate("Party"), fields["party"]),
            "kind": filters.choice("kind", translate("Kind"), fields["kind"]),
            "stage": filters.choice("stage", translate("Stage"), fields["stage"]),
            "year": int(filters.choice("year", translate("Year"), fields["year"]) or 0),
            "words": filters.words(),
        }

    @routes.get("/documents")
    def page() -> tuple[str, int]:
        """A page of the documents that match the filters; 400 with a message if a filter is invalid."""
        filters = Filters("name", "date")
        chosen, told, number = selection(filters), facets.asked(filters), filters.page()
        listing, narrowing = Listing((), 0), NOTHING
        if not filters.problems:
            listing = documents(
                site.reader,
                language(),
                **chosen,
                told=told.pattern,
                by_date=filters.order == "date",
                descending=filters.descending,
                number=number,
            )
            narrowing = facets.shown(selected_documents(**chosen), told)
        shown = instruments(site.reader, listing.things)
        body = render_template(
            "pages/documents.html",
            filters=filters,
            fields=offered(site.store.version, language()),
            told=narrowing,
            listing=listing,
            shown=shown,
            page=notes(site.reader, language(), _cited(shown), (shown, track_codes(shown))),
            link=link,
            file_link=file_link,
            host=request.url_root.rstrip("/"),
        )
        return body, 400 if filters.problems else 200

    @routes.get("/documents.<suffix>")
    def file(suffix: str) -> Response:
        """The same list as a table, a row for each claim of a stage, with the days and events that this claim gives,
        its own or of a package that it is part of (``stage_of``); 413 if it is longer than `MOST_IN_FILE`."""
        filters = Filters("name", "date")
        chosen, told = selection(filters), facets.asked(filters)
        checked(suffix, "documents", filters)
        listing = documents(
            site.reader,
            language(),
            **chosen,
            told=told.pattern,
            by_date=filters.order == "date",
            descending=filters.descending,
            size=MOST_IN_FILE,
        )
        bounded(listing.total)
        shown = instruments(site.reader, listing.things)
        return tabular(_table(site, shown, notes(site.reader, language(), shown)), suffix)

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


def _table(site: Site, shown: list[Instrument], page: Notes) -> Table:
    fields = (
        Field("document", translate("Document"), "iri"),
        Field("name", translate("Name")),
        Field("package", translate("A package of documents")),
        Field("document_count", translate("Number of documents")),
        Field("kind", translate("Kind"), "things"),
        Field("parties", translate("Parties"), "things"),
        Field("stage", translate("Stage"), "things"),
        Field("earliest", translate("First day"), "date"),
        Field("latest", translate("Last day"), "date"),
        Field("planned_earliest", translate("First planned day"), "date"),
        Field("planned_latest", translate("Last planned day"), "date"),
        Field("event", translate("Event"), "things"),
        Field("stage_of", translate("Stage of"), "things"),
        *said_fields(),
    )
    return table_of(site, "documents", translate("Documents"), fields, _records(shown, page))


def _records(shown: list[Instrument], page: Notes) -> Iterator[dict[str, Any]]:
    for each in shown:
        head = {
            "document": each.iri,
            "name": str(page.name(each.iri)),
            "package": str(each.is_package).lower(),
            "document_count": values(each.counts),
            "kind": values(each.kinds),
            "parties": values(each.parties),
        }
        lines = [line for stage in each.told_by.stages for line in _lines(stage, page)]
        yield from (head | line | {"stage_of": each.told_by.iri} for line in lines)
        if not lines:
            yield head


def _lines(stage: Stage, page: Notes) -> Iterator[dict[str, Any]]:
    """A row for each claim that gives a stage, its dates or its events, with those that it gives; for the rest one."""
    given = [*stage.code.claims, *claims_of(stage.events), *(c for moment in stage.dates for c in moment.claims)]
    noted = [note for _, note in page.notes(given)]
    for note in noted:
        moments = [moment for moment in stage.dates if note.claim in moment.claims]
        yield _line(stage, moments, [event for event in stage.events if note.claim in event.claims]) | of_notes([note])
    told = {note.claim for note in noted}
    moments = [moment for moment in stage.dates if told.isdisjoint(moment.claims)]
    events = [event for event in stage.events if told.isdisjoint(event.claims)]
    if moments or events or told.isdisjoint(stage.code.claims):
        yield _line(stage, moments, events)


def _line(stage: Stage, moments: Sequence[Moment], events: Sequence[Fact]) -> dict[str, Any]:
    held, planned = days(moments, "held"), days(moments, "planned")
    return {
        "stage": stage.code.iri,
        "earliest": held["held_earliest"],
        "latest": held["held_latest"],
        **planned,
        "event": values(events),
    }
