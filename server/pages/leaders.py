"""``/leaders``: people by office and state; and the template variables of a person's page."""

from functools import lru_cache
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from kg.language.labels import Label
from kg.tabular.table import Field, Table
from kg.views import leaders, statements
from kg.views.finding import Search
from kg.views.leaders import Tenure, people, roles_attested, selected_people, states_with_offices
from kg.views.listings import Listing
from kg.views.visits import attending, event_participations, with_participation
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import tabular
from server.pages.facets import file_link, link
from server.pages.filters import Choice, Filters, choices
from server.pages.list_files import MOST_IN_FILE, bounded, checked, said, said_fields, table_of, values
from server.pages.notes import Notes, notes
from server.pages.told import NOTHING, ToldFacets

MOST: Final = 50
"""The limit of each list on the page of a person; the page says if there are more."""

_NO_OFFICE: Final = "none"
_TENURES: Final = 1_000


def blueprint(site: Site) -> Blueprint:
    """The list of people of a site, as a page and as files."""
    routes = Blueprint("leaders", __name__)
    facets = ToldFacets(site)

    @lru_cache(maxsize=8)
    def offered(version: str, code: str) -> dict[str, list[Choice]]:
        reader = site.reader
        return {
            "state": choices(reader, states_with_offices(reader), code),
            "role": choices(reader, roles_attested(reader), code),
        }

    def all_fields() -> dict[str, list[Choice]]:
        fields = offered(site.store.version, language())
        without = Choice(_NO_OFFICE, _NO_OFFICE, Label(translate("no office told"), language()))
        return fields | {"role": [*fields["role"], without]}

    def selected(filters: Filters) -> str:
        fields = all_fields()
        state = filters.choice("state", translate("State"), fields["state"])
        role = filters.choice("role", translate("Sort of office"), fields["role"])
        if state and role == _NO_OFFICE:
            filters.problems.append(translate("Who has no office told has no state either. Choose one of the two."))
        in_office = role != _NO_OFFICE
        return selected_people(state=state, role=role if in_office else "", words=filters.words(), in_office=in_office)

    def with_tenures(listing: Listing, most: int) -> list[tuple[str, list[Tenure]]]:
        held = leaders.by_holder(leaders.tenures(site.reader, leaders.of_people(listing.things, most)))
        return [(iri, leaders.ranked(held.get(iri, []))) for iri in listing.things]

    @routes.get("/leaders")
    def page() -> tuple[str, int]:
        """People attested in an office, filtered by state and kind of office."""
        filters = Filters("name")
        pattern, told, number = selected(filters), facets.asked(filters), filters.page()
        listing, narrowing = Listing((), 0), NOTHING
        if not filters.problems:
            narrowed = f"{pattern} {told.pattern}"
            listing = people(site.reader, narrowed, language(), descending=filters.descending, number=number)
            narrowing = facets.shown(pattern, told)
        shown = with_tenures(listing, _TENURES)
        body = render_template(
            "pages/leaders.html",
            filters=filters,
            fields=all_fields(),
            told=narrowing,
            listing=listing,
            shown=shown,
            page=notes(site.reader, language(), shown),
            link=link,
            file_link=file_link,
            host=request.url_root.rstrip("/"),
        )
        return body, 400 if filters.problems else 200

    @routes.get("/leaders.<suffix>")
    def file(suffix: str) -> Response:
        """The same list as a table, a row for each office; 413 if it is longer than `MOST_IN_FILE`."""
        filters = Filters("name")
        pattern, told = selected(filters), facets.asked(filters)
        checked(suffix, "leaders", filters)
        narrowed = f"{pattern} {told.pattern}"
        listing = people(site.reader, narrowed, language(), descending=filters.descending, size=MOST_IN_FILE)
        bounded(listing.total)
        shown = with_tenures(listing, 4 * MOST_IN_FILE)
        return tabular(_table(site, shown, notes(site.reader, language(), shown)), suffix)

    return routes


def searches(iri: str) -> list[Search]:
    """What the page of a person looks for."""
    return [
        leaders.of_people([iri], MOST + 1),
        *(search(iri, MOST + 1) for search in (with_participation, statements.by, statements.about)),
        attending([iri], 4 * (MOST + 1)),
    ]


def told(iri: str) -> list[Search]:
    """Of what its sections tell, so that the timeline and the tables below leave it out."""
    return [with_participation(iri, MOST + 1), attending([iri], 4 * (MOST + 1))]


def context(site: Site, iri: str, language: str) -> dict[str, Any]:
    """Template variables of the page of a person: offices, meetings and visits, statements."""
    reader = site.reader
    tenures = leaders.ranked(leaders.tenures(reader, leaders.of_people([iri], MOST + 1)))
    met = event_participations(reader, iri, MOST + 1)
    by = statements.statements(reader, statements.by(iri, MOST + 1))
    about = statements.statements(reader, statements.about(iri, MOST + 1))
    shown = {"tenures": tenures, "encounters": met, "by": by, "about": about}
    cited = (
        [(tenure.offices, tenure.attested, tenure.terms) for tenure in tenures],
        [(e.roles, [a.attendance for a in e.attendances], e.event.statuses, e.event.dates) for e in met],
        [(each.glosses, each.speakers) for each in (*by, *about)],
    )
    return {"shown": shown, "offices_held": tenures, "most": MOST, "page": notes(reader, language, cited, shown)}


def _table(site: Site, shown: list[tuple[str, list[Tenure]]], page: Notes) -> Table:
    fields = (
        Field("person", translate("Person"), "things"),
        Field("office", translate("Office"), "things"),
        Field("body", translate("Body"), "things"),
        Field("state", translate("State"), "things"),
        Field("attested", translate("Attested on")),
        *said_fields(),
    )

    def of_tenure(tenure: Tenure) -> dict[str, Any]:
        return {
            "office": values(tenure.offices),
            "body": tenure.office.body,
            "state": tenure.office.state,
            "attested": dict.fromkeys(moment.first for moment in tenure.attested),
            **said(page, tenure.claims),
        }

    rows = [
        {"person": person, **cells}
        for person, tenures in shown
        for cells in (map(of_tenure, tenures) if tenures else [{}])
    ]
    return table_of(site, "leaders", translate("Leaders"), fields, rows)
