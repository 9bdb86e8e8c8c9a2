"""Changes over HTTP: SPARQL 1.1 Update on ``/sparql``, and functions that all changes share."""

import re

from flask import Response, jsonify, request

from kg.changes.staging import Change
from kg.engine.guard import tokens
from kg.store.store import Commit, Store
from server.http.access import Access
from server.http.errors import ProblemError


def run_update(store: Store, access: Access, update: str) -> Response:
    """Runs an update (SPARQL 1.1 Protocol, section 2.2) and returns its commit; requires a token of scope update."""
    author = access.require("update")
    using = request.values.getlist("using-graph-uri"), request.values.getlist("using-named-graph-uri")
    change = Change("update", text=with_using(update, *using))
    return committed(store.change(change, author=author, message=change_message()))


def change_message() -> str:
    """The commit message from the header ``Kelisim-Message``, at most 1000 characters."""
    return request.headers.get("Kelisim-Message", "")[:1000]


def committed(commit: Commit, status: int = 200) -> Response:
    """The response to a committed change."""
    response = jsonify(version=commit.version, added=commit.added, deleted=commit.deleted)
    response.status_code = status
    response.cache_control.no_store = True
    return response


def with_using(update: str, default: list[str], named: list[str]) -> str:
    """The update with USING clauses for a dataset before each WHERE (SPARQL 1.1 Protocol, section 2.2.3).

    Raises a 400 ProblemError if the update has USING or WITH of its own, as the specification requires.
    """
    if not default and not named:
        return update
    clauses = "".join(f"USING <{checked_iri(g)}> " for g in default)
    clauses += "".join(f"USING NAMED <{checked_iri(g)}> " for g in named)
    parts, done, depth, before = [], 0, 0, ""
    for token in tokens(update):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        word = token[0].upper() if token["word"] else ""
        if depth == 0 and word in ("USING", "WITH"):
            detail = f"The update has {word} of its own; leave out using-graph-uri and using-named-graph-uri."
            raise ProblemError(400, "Malformed request", detail)
        if depth == 0 and word == "WHERE":
            end = token.start()
            if before == "DELETE":  # DELETE WHERE {P} is DELETE {P} WHERE {P}
                close = _closing(update, token.end())
                parts += [update[done:end], update[token.end() : close], " "]
                done = end
            parts += [update[done:end], clauses]
            done = end
        before = word or token[0] if not token["skip"] else before
    return "".join(parts) + update[done:]


def _closing(update: str, start: int) -> int:
    """The offset after the group that begins at or after `start`."""
    depth = 0
    for token in tokens(update[start:]):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if token[0] == "}" and depth == 0:
            return start + token.end()
    return len(update)


def checked_iri(iri: str) -> str:
    """The IRI if it is absolute (RFC 3987); raises a 400 ProblemError otherwise."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^<>\"{}|^`\\\x00-\x20]*", iri):
        raise ProblemError(400, "Malformed request", f"{iri!r} is no absolute IRI.")
    return iri
