"""``/why?s=&p=&o=``: why a triple is in the graph, as a page and as JSON."""

from typing import Final

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from kg.language.messages import gettext_noop
from kg.rdf.terms import parse_triple
from kg.views.why import ABSENCES, RULES, Why, as_json, read_why
from ontology import KelisimError
from server.http.errors import ProblemError
from server.http.languages import language
from server.http.site import Site

EXAMPLE: Final = {"s": "id:obs-kz-ru-trade-2023", "p": "kel:party", "o": "id:kazakhstan"}
"""The triple that an empty page proposes."""


def blueprint(site: Site) -> Blueprint:
    """The page."""
    routes = Blueprint("why", __name__)

    @routes.get("/why")
    def why() -> Response:
        """Who tells the triple ``s=``, ``p=``, ``o=``, or how it follows; a form without them, 400 for no triple.

        The terms are prefixed names, IRIs or literals, as in Turtle. With ``format=json`` the same as JSON.
        """
        given = tuple(request.args.get(name, "").strip() for name in EXAMPLE)
        found = _read(site, given) if any(given) else None
        if found and request.args.get("format") == "json":
            return jsonify(as_json(found))
        body = render_template(
            "pages/why.html", given=given, why=found, rules=RULES, absences=ABSENCES, example=EXAMPLE
        )
        return make_response(body)

    return routes


def _read(site: Site, given: tuple[str, ...]) -> Why:
    if not all(given):
        missing = ", ".join(f"{name}=" for name, text in zip(EXAMPLE, given, strict=True) if not text)
        detail = gettext_noop("A triple has three terms: give %(missing)s too.")
        raise ProblemError(400, "Malformed request", detail, missing=missing)
    try:
        triple = parse_triple(given[0], given[1], given[2], site.prefixes)
    except KelisimError as error:
        raise ProblemError(400, "Malformed request", str(error)) from error
    return read_why(site.reader, triple, language())
