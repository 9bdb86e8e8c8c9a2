"""``/why-not``: why a query has no rows, or not this one, and what would give rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from flask import Blueprint, Response, json, make_response, render_template, request

from kg.engine.errors import BusyError
from kg.explanations.explanation import MOST_CHARACTERS, Asked, explain
from kg.explanations.findings import Explanation
from kg.explanations.probing import Budget
from kg.explanations.records import record
from kg.explanations.sources import StoreSource
from kg.language.labels import Label, labels
from ontology import KelisimError
from server.endpoint.updates import seconds
from server.http.errors import problem_of
from server.http.languages import language, translate
from server.http.negotiation import HTML, accepted_types
from server.http.site import Site

SHOWN: Final = 5
"""How many findings the page shows at first."""

AT_ONCE: Final = 8
"""How many explanations are made at once: each holds a thread for as long as its queries run."""

WAIT_SECONDS: Final = 10.0
"""How long one waits for its turn."""

MOST_SECONDS: Final = 60.0
"""The most that ``timeout=`` gives."""

EACH: Final = 2.0
"""The least seconds that each part of a query may take."""

_JSON: Final = "application/json"


def blueprint(site: Site) -> Blueprint:
    """The explanations of queries over a site's store."""
    routes = Blueprint("why_not", __name__)
    places = BoundedSemaphore(AT_ONCE)

    @routes.route("/why-not", methods=["GET", "POST"])
    def page() -> Response:
        """The explanation of ``query=``, as a page or in JSON; without a query the form alone.

        ``row=`` are values of a row that is missed, ``default-graph-uri=`` the graphs that stand for FROM,
        ``timeout=`` the seconds that all may take.
        """
        query, row = request.values.get("query", ""), request.values.get("row", "")
        graphs = [*filter(None, request.values.getlist("default-graph-uri"))]  # a form sends an empty one for none
        found, problem = None, ""
        status = 200
        try:
            if query.strip():
                asked = Asked(query, row, graphs, language=language())
                with _place(places):
                    found = explain(StoreSource(site.store, request.remote_addr or ""), asked, _budget(site))
        except KelisimError as error:
            if _wants_json():
                raise
            problem, status = problem_of(error).words(translate), problem_of(error).status
        if found and _wants_json():
            response = make_response(json.dumps(record(found, translate), ensure_ascii=False) + "\n")
            response.mimetype = _JSON
        else:
            response = make_response(_page(site, query, row, graphs, found, problem), status)
        response.vary.add("Accept")
        if found and found.missed:  # another time more may be run
            response.cache_control.no_store = True
        return response

    return routes


@contextmanager
def _place(places: BoundedSemaphore) -> Iterator[None]:
    """One of the places for explanations; raises BusyError if none becomes free: other pages need the threads too."""
    if not places.acquire(timeout=WAIT_SECONDS):
        raise BusyError("Other queries are being explained just now. Try again in a few seconds.")
    try:
        yield
    finally:
        places.release()


def _budget(site: Site) -> Budget:
    """The time that ``timeout=`` asks for, within the server's limits."""
    given = seconds(request.values.get("timeout"))
    return Budget(min(site.store.pool.limits.seconds(given), MOST_SECONDS), max(EACH, given / 4)) if given else Budget()


def _wants_json() -> bool:
    given = request.values.get("format", "")
    if given:
        return given == "json"
    return accepted_types(request.headers.get("Accept")).best_match([HTML, _JSON], HTML) == _JSON


def _page(  # noqa: PLR0913, PLR0917 - the parameters of the page
    site: Site, query: str, row: str, graphs: list[str], found: Explanation | None, problem: str
) -> str:
    return render_template(
        "pages/why_not.html",
        query=query,
        row=row,
        graphs=graphs,
        explanation=found,
        told=record(found, translate) if found else None,
        problem=problem,
        names=_names(site, found) if found else {},
        shown=SHOWN,
        most=MOST_CHARACTERS,
    )


def _names(site: Site, found: Explanation) -> dict[str, Label]:
    """The labels of what the findings show."""
    claims = {value for f in found.findings for claim in f.claims for key, value in claim.items() if key != "gloss"}
    rows = {t.value for f in found.findings for r in f.examples for t in r.values() if str(t).startswith("<")}
    return labels(site.reader, claims | rows, language(), site.prefixes)
