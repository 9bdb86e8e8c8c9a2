"""``/states``: the states with their facts in brief; and the template variables of a state's page."""

from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from kg.charts.trade_charts import flows_of, trade_charts
from kg.language.labels import Label
from kg.language.messages import gettext_noop
from kg.tabular.table import Field, Table
from kg.views import instruments, leaders, statements, visits
from kg.views.facts import claims_of
from kg.views.finding import Search, find
from kg.views.listings import PAGE_SIZE, Listing
from kg.views.records import records
from kg.views.states import (
    CONTENT_PATTERNS,
    HEAD_OF_STATE,
    State,
    absences,
    memberships,
    organisations,
    state_summaries,
    states,
)
from kg.views.trade import expect_observations, selected
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import tabular
from server.pages.documents import track_codes, track_facts
from server.pages.facets import file_link
from server.pages.filters import Choice, Filters, choices, value_of
from server.pages.list_files import MOST_IN_FILE, bounded, checked, said, said_fields, table_of, values
from server.pages.notes import Notes, expect, notes

MOST: Final = 50
"""The limit of each list on the page of a state; the page says if there are more."""

_HOLDINGS: Final = {
    "leaders": gettext_noop("people in office"),
    "documents": gettext_noop("documents"),
    "visits": gettext_noop("visits to it"),
    "figures": gettext_noop("figures"),
}


def blueprint(site: Site) -> Blueprint:
    """The list of states of a site."""
    routes = Blueprint("states", __name__)

    @lru_cache(maxsize=8)
    def members(version: str, code: str) -> list[Choice]:
        return choices(site.reader, organisations(site.reader), code)

    def all_fields() -> dict[str, list[Choice]]:
        return {
            "member": members(site.store.version, language()),
            "having": [Choice(name, name, Label(translate(_HOLDINGS[name]), language())) for name in CONTENT_PATTERNS],
        }

    def listed(filters: Filters, number: int, size: int) -> Listing:
        fields = all_fields()
        member = filters.choice("member", translate("Member of"), fields["member"])
        having = filters.choice("having", translate("The graph has"), fields["having"])
        words = filters.words()
        if filters.problems:
            return Listing((), 0)
        return states(
            site.reader,
            language(),
            member=member,
            having=having,
            words=words,
            descending=filters.descending,
            number=number,
            size=size,
        )

    @routes.get("/states")
    def page() -> tuple[str, int]:
        """A page of states, filtered by membership of an organisation and by what the graph has about them."""
        filters = Filters("name")
        listing = listed(filters, filters.page(), PAGE_SIZE)
        shown = state_summaries(site.reader, listing.things)
        body = render_template(
            "pages/states.html",
            filters=filters,
            fields=all_fields(),
            listing=listing,
            shown=shown,
            page=notes(site.reader, language(), shown),
            file_link=file_link,
            host=request.url_root.rstrip("/"),
        )
        return body, 400 if filters.problems else 200

    @routes.get("/states.<suffix>")
    def file(suffix: str) -> Response:
        """The same list as a table, a row for each state; 413 if it is longer than `MOST_IN_FILE`."""
        filters = Filters("name")
        listing = listed(filters, 1, MOST_IN_FILE)
        checked(suffix, "states", filters)
        bounded(listing.total)
        shown = state_summaries(site.reader, listing.things)
        return tabular(_table(site, shown, notes(site.reader, language(), shown)), suffix)

    return routes


def searches(iri: str) -> list[Search]:
    """What the page of a state looks for."""
    named = (
        *(leaders.in_state, leaders.vacant_in, instruments.of_party, instruments.referring_to),
        *(visits.to_state, visits.from_state, statements.about, statements.by),
    )
    return [*(search(iri, MOST + 1) for search in named), selected(flows_of(iri))]


def told(iri: str) -> list[Search]:
    """Of what its sections tell, so that the timeline and the tables below leave it out."""
    return [search(iri, MOST + 1) for search in (instruments.of_party, visits.to_state, visits.from_state)]


def context(site: Site, iri: str, language: str) -> dict[str, Any]:
    """Template variables of the page of a state: leaders, memberships, documents, trade, visits, statements."""
    reader = site.reader
    tenures = leaders.ranked(leaders.tenures(reader, leaders.in_state(iri, MOST + 1)))
    agents = [iri, *(fact.iri for tenure in tenures for fact in tenure.holders)]
    member = memberships(records(reader, [iri])[iri])
    away = absences(reader, agents, MOST + 1)
    documents = instruments.documents_of(reader, iri, MOST + 1)
    naming = instruments.documents_referring_to(reader, iri, MOST + 1)
    inward = visits.visits(reader, visits.to_state(iri, MOST + 1))
    outward = visits.visits(reader, visits.from_state(iri, MOST + 1))
    about = statements.statements(reader, statements.about(iri, MOST + 1))
    by = statements.statements(reader, statements.by(iri, MOST + 1))
    cited = (
        [(each.holders, each.attested, each.terms) for each in tenures],
        member,
        [each.attendance for each in away],
        [([f for f in each.parties if f.iri == iri], each.counts, track_facts(each)) for each in documents],
        [fact for _, fact in naming],
        [(each.visitors, each.levels, each.statuses, each.dates) for each in inward],
        [(each.visitors, each.visited, each.levels, each.statuses, each.dates) for each in outward],
        [(each.glosses, each.speakers) for each in (*about, *by)],
    )
    shown = {
        "leaders": tenures,
        "vacant": find(reader, leaders.vacant_in(iri, MOST + 1)),
        "memberships": member,
        "absences": away,
        "documents": documents,
        "documents_naming": naming,
        "visits_in": inward,
        "visits_out": outward,
        "about": about,
        "by": by,
    }
    named = (shown, track_codes(documents))
    expect(reader, language, cited, named)
    expect_observations(reader, flows_of(iri), language)
    return {
        "shown": shown,
        "by_stage": [(code, list(group)) for code, group in groupby(documents[:MOST], lambda each: each.latest_stage)],
        "value": value_of(iri),
        "charts": trade_charts(reader, iri, language, translate),
        "most": MOST,
        "page": notes(reader, language, cited, named),
        "leaders": [each for each in tenures if HEAD_OF_STATE in each.office.roles] or tenures[:1],
    }


def _table(site: Site, shown: list[State], page: Notes) -> Table:
    counted = [(name, translate(_HOLDINGS[name])) for name in CONTENT_PATTERNS]
    fields = (
        Field("state", translate("State"), "things"),
        Field("code", translate("Code")),
        Field("head", translate("Head of state"), "things"),
        Field("attested", translate("Attested on")),
        Field("member", translate("Member of"), "things"),
        *(Field(name, words, "integer") for name, words in counted),
        *said_fields(),
    )
    rows = [
        {
            "state": each.iri,
            "code": values(each.codes),
            "head": dict.fromkeys(fact.iri for tenure in each.heads for fact in tenure.holders),
            "attested": dict.fromkeys(moment.first for tenure in each.heads for moment in tenure.attested),
            "member": values(each.memberships),
            **each.counts,
            **said(page, [*(c for head in each.heads for c in head.claims), *claims_of(each.memberships)]),
        }
        for each in shown
    ]
    return table_of(site, "states", translate("States"), fields, rows)
