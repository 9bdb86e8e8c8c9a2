"""``/events``: events by kind, state, year and status, as a list, along time and on the map."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, render_template

from kg.charts.event_charts import event_chart
from kg.charts.maps import place_map
from kg.language.labels import Label
from kg.views.events import Wanted, events, kinds, states, statuses, years
from kg.views.listings import Listing
from kg.views.records import Told, told
from server.http.languages import language, translate
from server.http.site import Site
from server.pages.filters import Asked, Choice, choices
from server.pages.notes import notes

SHOWN: tuple[str, ...] = ("kind", "status", "visitLevel", "visitor", "visited", "host", "organiser", "place", "follows")
"""The properties that the list tells of an event, by their local names."""


def blueprint(site: Site) -> Blueprint:
    """The page of events over one site."""
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
        """Events that fit the filters, a page at a time; 400 with a message where a filter cannot be."""
        asked = Asked("-date", "date")
        fields = offered(site.store.version, language())
        wanted = Wanted(
            kind=asked.choice("kind", translate("Kind"), fields["kind"]),
            state=asked.choice("state", translate("State"), fields["state"]),
            status=asked.choice("status", translate("Status"), fields["status"]),
            year=int(asked.choice("year", translate("Year"), fields["year"]) or 0),
        )
        number = asked.page()
        listing = Listing((), 0)
        if not asked.problems:
            listing = events(site.reader, wanted, language(), number=number, descending=asked.descending)
        shown = list(told(site.reader, listing.things).values())
        shown.sort(key=lambda each: listing.things.index(each.thing))
        body = render_template(
            "pages/events.html",
            asked=asked,
            fields=fields,
            listing=listing,
            shown=shown,
            narrowed=wanted != Wanted(),
            chart=event_chart(site.reader, listing.things, language(), translate),
            map=place_map(site.reader, listing.things, language(), translate),
            page=notes(site.reader, language(), [_records(each) for each in shown]),
        )
        return body, 400 if asked.problems else 200

    return routes


def _records(event: Told) -> tuple[Any, ...]:
    """What the list tells of an event, in its order; its footnotes are numbered by it."""
    return event.thing, event.dates("held", "planned"), *(event[name] for name in SHOWN)
