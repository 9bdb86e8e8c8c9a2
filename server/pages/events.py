"""``/events``: events by kind, state, year and status, as a list, on a timeline and on a map."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, render_template

from kg.charts.event_charts import event_chart
from kg.charts.maps import place_map
from kg.language.labels import Label
from kg.views.events import EventFilter, events, kinds, states, statuses, years
from kg.views.listings import Listing
from kg.views.records import Record, records
from server.http.languages import language, translate
from server.http.site import Site
from server.pages.filters import Choice, Filters, choices
from server.pages.notes import notes

SHOWN: tuple[str, ...] = ("kind", "status", "visitLevel", "visitor", "visited", "host", "organiser", "place", "follows")
"""The properties that the list shows of an event, by local name."""


def blueprint(site: Site) -> Blueprint:
    """The page of events of a site."""
    routes = Blueprint("events", __name__)

    @lru_cache(maxsize=8)
    def offered(version: str, code: str) -> dict[str, list[Choice]]:
        reader = site.reader
        return {
            "kind": choices(reader, kinds(reader), code),
            "state": choices(reader, states(reader), code),
            "status": choices(reader, statuses(reader), code),
            "year": [Choice(str(year), str(year), Label(str(year))) for year in years(reader)],
        }

    @routes.get("/events")
    def page() -> tuple[str, int]:
        """A page of the events that match the filters; 400 with a message if a filter is invalid."""
        filters = Filters("-date", "date")
        fields = offered(site.store.version, language())
        wanted = EventFilter(
            kind=filters.choice("kind", translate("Kind"), fields["kind"]),
            state=filters.choice("state", translate("State"), fields["state"]),
            status=filters.choice("status", translate("Status"), fields["status"]),
            year=int(filters.choice("year", translate("Year"), fields["year"]) or 0),
        )
        number = filters.page()
        listing = Listing((), 0)
        if not filters.problems:
            listing = events(site.reader, wanted, language(), number=number, descending=filters.descending)
        shown = list(records(site.reader, listing.things).values())
        shown.sort(key=lambda each: listing.things.index(each.thing))
        body = render_template(
            "pages/events.html",
            filters=filters,
            fields=fields,
            listing=listing,
            shown=shown,
            narrowed=wanted != EventFilter(),
            chart=event_chart(site.reader, listing.things, language(), translate),
            map=place_map(site.reader, listing.things, language(), translate),
            page=notes(site.reader, language(), [_records(each) for each in shown]),
        )
        return body, 400 if filters.problems else 200

    return routes


def _records(event: Record) -> tuple[Any, ...]:
    """The facts that the list shows of an event, in the order in which footnotes are numbered."""
    return event.thing, event.dates("held", "planned"), *(event[name] for name in SHOWN)
