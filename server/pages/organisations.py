"""The template variables of the page of an organisation: the people in its offices."""

from typing import Any, Final

from kg.views import leaders
from kg.views.finding import Search, find
from server.http.site import Site
from server.pages.notes import notes

MOST: Final = 50
"""The limit of the list; the page says if there are more."""


def searches(iri: str) -> list[Search]:
    """What the page of an organisation looks for."""
    return [search(iri, MOST + 1) for search in (leaders.in_state, leaders.vacant_in)]


def context(site: Site, iri: str, language: str) -> dict[str, Any]:
    """Template variables of the page of an organisation."""
    tenures = leaders.ranked(leaders.tenures(site.reader, leaders.in_state(iri, MOST + 1)))
    vacant = find(site.reader, leaders.vacant_in(iri, MOST + 1))
    cited = [(each.holders, each.attested, each.terms) for each in tenures]
    return {
        "shown": {"leaders": tenures, "vacant": vacant},
        "leaders": [each for each in tenures if leaders.leads(each)],
        "most": MOST,
        "page": notes(site.reader, language, cited, (tenures, vacant)),
    }
