"""``/leaders``: people by office and state; and the template variables of a person's page."""

from functools import lru_cache
from typing import Any, Final

from flask import Blueprint, render_template

from kg.language.labels import Label
from kg.views import leaders, statements
from kg.views.finding import Search
from kg.views.leaders import people, roles_attested, states_with_offices
from kg.views.listings import Listing
from kg.views.visits import attending, event_participations, with_participation
from server.http.languages import language, translate
from server.http.site import Site
from server.pages.filters import Choice, Filters, choices
from server.pages.notes import notes

MOST: Final = 50
"""The limit of each list on the page of a person; the page says if there are more."""

_NO_OFFICE: Final = "none"
_TENURES: Final = 1_000


def blueprint(site: Site) -> Blueprint:
    """The list of people of a site."""
    routes = Blueprint("leaders", __name__)

    @lru_cache(maxsize=8)
    def offered(version: str, code: str) -> dict[str, list[Choice]]:
        reader = site.reader
        return {
            "state": choices(reader, states_with_offices(reader), code),
            "role": choices(reader, roles_attested(reader), code),
        }

    @routes.get("/leaders")
    def page() -> tuple[str, int]:
        """People attested in an office, filtered by state and kind of office."""
        filters = Filters("name")
        fields = offered(site.store.version, language())
        without = Choice(_NO_OFFICE, _NO_OFFICE, Label(translate("no office told"), language()))
        fields = fields | {"role": [*fields["role"], without]}
        state = filters.choice("state", translate("State"), fields["state"])
        role = filters.choice("role", translate("Sort of office"), fields["role"])
        if state and role == _NO_OFFICE:
            filters.problems.append(translate("Who has no office told has no state either. Choose one of the two."))
        words, number = filters.words(), filters.page()
        listing = Listing((), 0)
        if not filters.problems:
            listing = people(
                site.reader,
                language(),
                state=state,
                role="" if role == _NO_OFFICE else role,
                words=words,
                in_office=role != _NO_OFFICE,
                descending=filters.descending,
                number=number,
            )
        tenures = leaders.by_holder(leaders.tenures(site.reader, leaders.of_people(listing.things, _TENURES)))
        shown = [(iri, leaders.ranked(tenures.get(iri, []))) for iri in listing.things]
        body = render_template(
            "pages/leaders.html",
            filters=filters,
            fields=fields,
            listing=listing,
            shown=shown,
            page=notes(site.reader, language(), shown),
        )
        return body, 400 if filters.problems else 200

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
