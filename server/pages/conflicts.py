"""``/conflicts``: where claims do not agree, who says which, and why it may be no conflict."""

from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Response, after_this_request, jsonify, render_template, request

from kg.conflicts.model import Conflict, code
from kg.conflicts.terms import triples
from kg.engine.errors import BusyError, TooLargeError
from kg.language.labels import Label, labels
from kg.tabular.table import LABEL, Field, Table
from kg.views.conflicts import (
    PAGE_SIZE,
    ConflictNotes,
    Conflicts,
    as_csv,
    as_json,
    conflict_notes,
    value_iri,
    value_labels,
)
from kg.views.listings import Listing
from ontology.namespaces import ID, PREFIXES
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.negotiation import CONTENT_TYPES
from server.http.site import Site
from server.http.tables import table, tabular
from server.pages.filters import Choice, Filters, choices, value_of
from server.pages.list_files import of_notes, said_fields, table_of

MOST_IN_FILE: Final = 5_000
"""The limit of conflicts in a file of the list; longer lists are refused with 413, not truncated."""

PATIENCE: Final = 20.0
"""How long a request waits for the conflicts of the current version, in seconds."""

_MOST_CHOICES: Final = 1_000
_GLANCE: Final = 1.0
"""How long the page of a thing waits for them, in seconds."""


def blueprint(site: Site) -> Blueprint:
    """The list of conflicts of a site, as a page, as JSON, as CSV and in RDF."""
    routes = Blueprint("conflicts", __name__)

    @lru_cache(maxsize=8)
    def offered(version: str, code_of: str) -> dict[str, list[Choice]]:
        found, reader = _current(site), site.reader
        names = labels(reader, [code(f"conflict-{kind}") for kind in found.kinds], code_of)
        kinds = [Choice(kind, kind, names[code(f"conflict-{kind}")]) for kind in found.kinds]
        return {"kind": kinds, "thing": choices(reader, found.things[:_MOST_CHOICES], code_of)}

    def selected() -> tuple[Filters, dict[str, list[Choice]], list[Conflict]]:
        filters, found = Filters(""), _current(site)
        fields = offered(site.store.version, language())
        kind = filters.choice("kind", translate("Kind"), fields["kind"])
        thing = filters.choice("thing", translate("About what"), [*fields["thing"], *_asked(found)])
        return filters, fields, [] if filters.problems else list(found.chosen(kind, thing))

    @routes.get("/conflicts")
    def page() -> tuple[str, int]:
        """A page of the conflicts that match the filters; 400 with a message if a filter is invalid."""
        filters, fields, found = selected()
        number = filters.page()
        shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE] if not filters.problems else []
        body = render_template(
            "pages/conflicts.html",
            filters=filters,
            fields=fields,
            shown=shown,
            listing=Listing((), len(found), number, PAGE_SIZE),
            narrowed=bool(request.args.get("kind") or request.args.get("thing")),
            page=conflict_notes(site.reader, shown, language()),
            value_iri=value_iri,
        )
        return body, 400 if filters.problems else 200

    @routes.get("/conflicts.json")
    def document() -> Response:
        """The same page as JSON; a 400 problem if a filter is invalid."""
        filters, _, found = selected()
        number = filters.page()
        _refuse(filters)
        listing = Listing((), len(found), number, PAGE_SIZE)
        shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        notes = conflict_notes(site.reader, shown, language())
        more = filters.link(page=number + 1) if number < listing.pages else None
        body: dict[str, Any] = {
            "version": site.store.version,
            "total": listing.total,
            "page": number,
            "pages": listing.pages,
            "conflicts": [as_json(each, notes) for each in shown],
            "next": f"/conflicts.json{more}" if more else None,
        }
        return jsonify(body)

    @routes.get("/conflicts.csv")
    def file() -> Response:
        """The whole list as CSV (`table`), a row for each claim of a side; 413 if longer than `MOST_IN_FILE`."""
        filters, _, found = selected()
        _refuse(filters)
        _bound(found)
        return table("conflicts", as_csv(found, conflict_notes(site.reader, found, language())))

    @routes.get("/conflicts.xlsx")
    def workbook() -> Response:
        """The whole list as an Excel workbook, with labels beside the IRIs; 413 if longer than `MOST_IN_FILE`."""
        filters, _, found = selected()
        _refuse(filters)
        _bound(found)
        return tabular(_table(site, found, conflict_notes(site.reader, found, language())), "xlsx")

    @routes.get("/conflicts.ttl")
    def turtle() -> Response:
        """The whole list in Turtle, as the default graph of a dataset has it; 413 if longer than `MOST_IN_FILE`."""
        filters, _, found = selected()
        _refuse(filters)
        _bound(found)
        body = ox.serialize(triples(site.reader, found), format=ox.RdfFormat.TURTLE, prefixes={**PREFIXES})
        return Response(body, content_type=CONTENT_TYPES["turtle"])

    return routes


def _table(site: Site, found: list[Conflict], notes: ConflictNotes) -> Table:
    fields = (
        Field("conflict", translate("Conflict"), "iri"),
        Field("kind", translate("Kind")),
        Field("about", translate("About what"), "things"),
        Field("side", translate("Side"), "integer"),
        Field("value", translate("Value"), "iri"),
        Field(f"value{LABEL}", translate("Value")),
        Field("things", translate("Of what"), "things"),
        *said_fields(),
        Field("caveat", translate("Why it may be no conflict")),
    )
    rows = [
        {
            "conflict": each.iri,
            "kind": str(notes.kind(each)),
            "about": each.about,
            "side": number,
            "value": [value.value for value in side.values],
            f"value{LABEL}": value_labels(side, notes),
            "things": side.things,
            **of_notes([note]),
            "caveat": [str(notes.reason(name)) for name in each.ordered_caveats],
        }
        for each in found
        for number, side in enumerate(each.sides, 1)
        for note in notes.told(side)
    ]
    return table_of(site, "conflicts", translate("Conflicts"), fields, rows)


def conflicts_of(site: Site, iri: str) -> str:
    """The address of the list of a thing's or claim's conflicts; empty if there are none or they are not known yet.

    While they are not known the page must not be cached.
    """
    try:
        found = site.conflicts.get(_GLANCE)
    except BusyError:
        after_this_request(_forbid_caching)
        return ""
    if not found.fresh:
        after_this_request(_forbid_caching)
    takes_part = iri in found.value.by_thing or iri in found.value.by_claim
    return f"/conflicts?{urlencode({'thing': value_of(iri)})}" if takes_part else ""


def _current(site: Site) -> Conflicts:
    """The conflicts of the current version; raises BusyError if they are not known in time."""
    found = site.conflicts.get(PATIENCE)
    if not found.fresh:
        raise BusyError("The conflicts of the changed data are being looked for. Try again in a few seconds.")
    return found.value


def _asked(found: Conflicts) -> list[Choice]:
    """The thing or claim that is asked for, if it takes part in a conflict: a slug or an IRI."""
    asked = request.args.get("thing", "")
    return [
        Choice(asked, iri, Label(asked))
        for iri in (asked, f"{ID}{asked}")
        if iri in found.by_thing or iri in found.by_claim
    ]


def _refuse(filters: Filters) -> None:
    if filters.problems:
        raise ProblemError(400, "Malformed request", " ".join(filters.problems))


def _bound(found: list[Conflict]) -> None:
    if len(found) > MOST_IN_FILE:
        message = translate("The list is longer than %(most)s conflicts. Narrow it, or take it page by page as JSON.")
        raise TooLargeError(message % {"most": MOST_IN_FILE})


def _forbid_caching(response: Response) -> Response:
    response.cache_control.no_store = True
    return response
