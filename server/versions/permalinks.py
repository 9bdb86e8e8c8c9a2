"""``/q``: keeps a query with its answer; ``/q/NAME`` says whether it is answered so today, and what changed."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, json, jsonify, make_response, redirect, render_template, request

from kg.history.timeline import UnknownVersionError, VersionGoneError
from kg.publishing.answers import CanonicalAnswer, is_ordered, of_graph, of_results, varying
from kg.publishing.permalinks import ADDRESS_CHARACTERS, KEPT_BYTES, QUERY_CHARACTERS, Kept, Permalinks
from kg.store.store import Store
from kg.workers.messages import Task
from ontology.namespaces import shorten
from server.endpoint.updates import checked_iri
from server.http.errors import ProblemError
from server.http.negotiation import HTML
from server.http.site import Site
from server.http.versions import version_of

ANSWER_BYTES: Final = 1 << 22
"""Larger answers are not kept: to compare them would take the server too long."""

_IRI: Final = re.compile(r"<([^<>\s]+)>")

SHOWN_LINES: Final = 200
"""How many of the rows that are gone, and of those that are new, are told."""


@dataclass(frozen=True)
class Comparison:
    """Today's answer beside the one that was kept: `version` is today's, `gone` and `new` are None if not known."""

    same: bool
    version: int
    rows: int
    gone: list[str] | None = None
    new: list[str] | None = None


def blueprint(site: Site) -> Blueprint:
    """The permalinks of a site."""
    routes = Blueprint("permalinks", __name__)
    kept_in = Permalinks(site.folder / "permalinks") if site.folder else None

    @routes.post("/q")
    def keep() -> Response:
        """Keeps ``query=`` (with ``default-graph-uri``, ``named-graph-uri``, ``version=``) and its answer.

        201 with its address, or 303 to it for browsers.
        """
        query = request.form.get("query", "")
        if not query.strip():
            raise ProblemError(400, "Malformed request", "Send the query to keep: query=…, as a form.")
        if len(query) > QUERY_CHARACTERS:
            raise ProblemError(413, "Too large", f"Queries of up to {QUERY_CHARACTERS} characters are kept.")
        graphs = (tuple(map(checked_iri, request.form.getlist(f"{sort}-graph-uri"))) for sort in ("default", "named"))
        default, named = graphs
        kept = _answered(site.store, query, default, named, version_of(site.store, request.form.get("version")))
        address = request.url_root + _address(kept_in, kept)
        if _wants_page():
            return redirect(address, 303)  # type: ignore[return-value]
        response = jsonify(permalink=address, name=kept.name, version=kept.version, answer=kept.answer, rows=kept.rows)
        response.status_code = 201
        response.headers["Location"] = address
        return response

    @routes.get("/q/<name>")
    def open_(name: str) -> Response:
        """The query that was kept under that name, and whether today's answer is the same."""
        kept = kept_in.get(name) if kept_in else None
        if kept is None and "query" in request.args:
            kept = Kept.from_parameters(request.args.to_dict(flat=False))
            if kept.name != name:
                detail = "The address was altered: its name is not that of what it holds. Copy it from where it stands."
                raise ProblemError(400, "Malformed request", detail)
        if kept is None:
            detail = f"No query is kept here as {name}. Keep it by POST to /q, or by the button below an answer."
            raise ProblemError(404, "Not found", detail)
        compared = compare(site.store, kept)
        if not _wants_page():
            response = Response(json.dumps(_as_json(kept, compared)) + "\n", content_type="application/json")
        else:
            page = render_template(
                "versions/permalink.html",
                kept=kept,
                compared=compared,
                varying=varying(kept.query),
                link=request.url,
                readable=lambda line: _IRI.sub(lambda found: shorten(found[1], site.prefixes), line),
            )
            response = make_response(page)
        response.vary.add("Accept")
        response.cache_control.no_store = True  # it may be another answer each time
        return response

    return routes


def compare(store: Store, kept: Kept) -> Comparison:
    """Asks the query anew, and tells what is otherwise."""
    now, version = _ask(store, kept.query, kept.default_graphs, kept.named_graphs, -1)
    if now.digest == kept.answer:
        return Comparison(same=True, version=version, rows=len(now.lines))
    before = _before(store, kept)
    if before is None:
        return Comparison(same=False, version=version, rows=len(now.lines))
    gone, new = before.compared(now)
    return Comparison(same=False, version=version, rows=len(now.lines), gone=gone[:SHOWN_LINES], new=new[:SHOWN_LINES])


def _before(store: Store, kept: Kept) -> CanonicalAnswer | None:
    """The answer that was kept: as it was written down, or from its version, if that is there still."""
    if kept.lines is not None:
        return CanonicalAnswer(kept.lines)
    try:
        if store.timeline.get(kept.version).digest != kept.digest:  # another store's
            return None
        found, _ = _ask(store, kept.query, kept.default_graphs, kept.named_graphs, kept.version)
    except (UnknownVersionError, VersionGoneError):
        return None
    return found if found.digest == kept.answer else None


def _answered(store: Store, query: str, default: tuple[str, ...], named: tuple[str, ...], at: int) -> Kept:
    answer, number = _ask(store, query, default, named, at)
    version = store.timeline.get(number)
    small = sum(map(len, answer.lines)) <= KEPT_BYTES
    saved = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Kept(
        query,
        default,
        named,
        number,
        version.digest or "",
        version.time,
        answer.digest,
        len(answer.lines),
        saved,
        answer.lines if small else None,
    )


def _ask(
    store: Store, query: str, default: tuple[str, ...], named: tuple[str, ...], at: int
) -> tuple[CanonicalAnswer, int]:
    """The answer, and the version that gave it; raises what `Store.query` raises."""
    task = Task(
        query,
        default,
        named,
        bindings="json",
        graph="ntriples",
        result_bytes=ANSWER_BYTES,
        at=at,
        new_graphs=store.new_graphs,
    )
    reply = store.query(task, client=request.remote_addr or "")
    is_graph = reply.format == "ntriples"
    answer = of_graph(reply.content) if is_graph else of_results(reply.content, ordered=is_ordered(query))
    return answer, reply.version


def _address(kept_in: Permalinks | None, kept: Kept) -> str:
    """The path of the permalink, after it was kept, or with all of it where that cannot be."""
    if kept_in and kept_in.put(kept):
        return f"q/{kept.name}"
    if len(kept.query) > ADDRESS_CHARACTERS:
        detail = f"This server has no place to keep queries, and addresses hold {ADDRESS_CHARACTERS} characters of one."
        raise ProblemError(413, "Too large", detail)
    return f"q/{kept.name}?{urlencode(kept.parameters())}"


def _as_json(kept: Kept, compared: Comparison) -> dict[str, Any]:
    return {
        "query": kept.query,
        "default-graph-uri": kept.default_graphs,
        "named-graph-uri": kept.named_graphs,
        "saved": {
            "time": kept.saved,
            "version": kept.version,
            "version_time": kept.time,
            "digest": kept.digest,
            "answer": kept.answer,
            "rows": kept.rows,
        },
        "now": {"version": compared.version, "rows": compared.rows},
        "same": compared.same,
        "gone": compared.gone,
        "new": compared.new,
        "varying": varying(kept.query),
    }


def _wants_page() -> bool:
    return request.accept_mimetypes.best_match(["application/json", HTML]) == HTML
