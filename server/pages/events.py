"""``/events``: events by kind, state, year and status, as a list, on a timeline and on a map."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, render_template, request

from kg.charts.event_charts import event_chart
from kg.charts.maps import place_map
from kg.language.labels import Label
from kg.tabular.table import Field, Table
from kg.views.events import EventFilter, events, kinds, states, statuses, years
from kg.views.listings import Listing
from kg.views.records import Record, records
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import tabular
from server.pages.facets import file_link, link
from server.pages.filters import Choice, Filters, choices
from server.pages.list_files import MOST_IN_FILE, bounded, checked, days, said, said_fields, table_of, values
from server.pages.notes import Notes, notes
from server.pages.told import NOTHING, ToldFacets

SHOWN: tuple[str, ...] = ("kind", "status", "visitLevel", "visitor", "visited", "host", "organiser", "place", "follows")
"""The properties that the list shows of an event, by local name."""


def blueprint(site: Site) -> Blueprint:
    """The list of events of a site, as a page and as files."""
    routes = Blueprint("events", __name__)
    facets = ToldFacets(site)

    @lru_cache(maxsize=8)
    def offered(version: str, code: str) -> dict[str, list[Choice]]:
        reader = site.reader
        return {
            "kind": choices(reader, kinds(reader), code),
            "state": choices(reader, states(reader), code),
            "status": choices(reader, statuses(reader), code),
            "year": [Choice(str(year), str(year), Label(str(year))) for year in years(reader)],
        }

    def selection(filters: Filters) -> EventFilter:
        fields = offered(site.store.version, language())
        return EventFilter(
            kind=filters.choice("kind", translate("Kind"), fields["kind"]),
            state=filters.choice("state", translate("State"), fields["state"]),
            status=filters.choice("status", translate("Status"), fields["status"]),
            year=int(filters.choice("year", translate("Year"), fields["year"]) or 0),
        )

    @routes.get("/events")
    def page() -> tuple[str, int]:
        """A page of the events that match the filters; 400 with a message if a filter is invalid."""
        filters = Filters("-date", "date")
        wanted, told, number = selection(filters), facets.asked(filters), filters.page()
        listing, narrowing, reader = Listing((), 0), NOTHING, site.reader
        if not filters.problems:
            narrowed = replace(wanted, told=told.pattern)
            listing = events(reader, narrowed, language(), number=number, descending=filters.descending)
            narrowing = facets.shown(wanted.pattern, told)
        shown = _in_order(listing, records(reader, listing.things))
        body = render_template(
            "pages/events.html",
            filters=filters,
            fields=offered(site.store.version, language()),
            told=narrowing,
            listing=listing,
            shown=shown,
            narrowed=wanted != EventFilter() or bool(told.pattern),
            chart=event_chart(reader, listing.things, language(), translate),
            map=place_map(reader, listing.things, language(), translate),
            page=notes(reader, language(), [_records(each) for each in shown]),
            link=link,
            file_link=file_link,
            host=request.url_root.rstrip("/"),
        )
        return body, 400 if filters.problems else 200

    @routes.get("/events.<suffix>")
    def file(suffix: str) -> Response:
        """The same list as a table, a row for each event; 413 if it is longer than `MOST_IN_FILE`."""
        filters = Filters("-date", "date")
        wanted, told, reader = selection(filters), facets.asked(filters), site.reader
        checked(suffix, "events", filters)
        narrowed = replace(wanted, told=told.pattern)
        listing = events(reader, narrowed, language(), descending=filters.descending, size=MOST_IN_FILE)
        bounded(listing.total)
        shown = _in_order(listing, records(reader, listing.things))
        page = notes(reader, language(), [_records(each) for each in shown])
        return tabular(_table(site, shown, page), suffix)

    return routes


def _records(event: Record) -> tuple[Any, ...]:
    """The facts that the list shows of an event, in the order in which footnotes are numbered."""
    return event.thing, event.dates("held", "planned"), *(event[name] for name in SHOWN)


def _in_order(listing: Listing, found: dict[str, Record]) -> list[Record]:
    return [found[thing] for thing in listing.things]


def _table(site: Site, shown: list[Record], page: Notes) -> Table:
    fields = (
        Field("event", translate("Event"), "things"),
        Field("kind", translate("Kind"), "things"),
        Field("status", translate("Status"), "things"),
        Field("visitLevel", translate("Level"), "things"),
        Field("held_earliest", translate("First day"), "date"),
        Field("held_latest", translate("Last day"), "date"),
        Field("planned_earliest", translate("First planned day"), "date"),
        Field("planned_latest", translate("Last planned day"), "date"),
        Field("visitor", translate("Visitor"), "things"),
        Field("visited", translate("Visited"), "things"),
        Field("host", translate("Host"), "things"),
        Field("organiser", translate("Organiser"), "things"),
        Field("place", translate("Place"), "things"),
        Field("follows", translate("After"), "things"),
        *said_fields(),
    )
    rows = [
        {
            "event": each.thing,
            **{name: values(each[name]) for name in SHOWN},
            **days(each.dates("held"), "held"),
            **days(each.dates("planned"), "planned"),
            **said(page, _claims(each)),
        }
        for each in shown
    ]
    return table_of(site, "events", translate("Events"), fields, rows)


def _claims(event: Record) -> list[str]:
    told = (
        *(fact.claims for name in SHOWN for fact in event[name]),
        *(m.claims for m in event.dates("held", "planned")),
    )
    return [claim for claims in told for claim in claims]
