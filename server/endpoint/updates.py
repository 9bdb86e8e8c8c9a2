"""Changes over HTTP: SPARQL 1.1 Update on ``/sparql``, and functions that all changes share."""

import re
from collections.abc import Sequence

from flask import Response, jsonify, request
from werkzeug.datastructures import ETags

from kg.changes.staging import Change
from kg.engine.guard import tokens
from kg.store.store import Commit, Store
from server.http.access import Access
from server.http.errors import ProblemError


def run_update(store: Store, access: Access, update: str) -> Response:
    """Runs an update (SPARQL 1.1 Protocol, section 2.2) and returns its commit; requires a token of scope update."""
    author = access.require("update")
    using = request.values.getlist("using-graph-uri"), request.values.getlist("using-named-graph-uri")
    check_preconditions(store)
    return committed(change_store(store, Change("update", text=with_using(update, *using)), author))


def change_store(store: Store, change: Change, author: str, documents: Sequence[bytes] = ()) -> Commit:
    """Makes a change, within the ``timeout=`` of the request.

    The commit message is that of the header ``Kelisim-Message``, at most 1000 characters.
    """
    # The environ has the bytes of headers in Latin-1 (PEP 3333).
    message = request.headers.get("Kelisim-Message", "").encode("latin-1").decode(errors="replace")[:1000]
    timeout = seconds(request.values.get("timeout")) or None
    return store.change(change, documents, author=author, message=message, timeout=timeout)


def check_preconditions(store: Store, *, exists: bool = True) -> None:
    """Raises a 412 ProblemError where If-Match or If-None-Match of the request fails (RFC 9110, section 13.1).

    The tags are those that responses to changes and to ``GET /graphs`` carry: the version of the store, and perhaps the
    format. The asterisk stands for any state of what is to be changed.
    """
    version = store.version
    if "If-Match" in request.headers and not _matches(request.if_match, version, exists=exists):
        detail = f"It has changed: the version is {version} now. Read it again, and send its ETag as If-Match."
        raise ProblemError(412, "Precondition failed", detail)
    if "If-None-Match" in request.headers and _matches(request.if_none_match, version, exists=exists):
        raise ProblemError(412, "Precondition failed", f"It is there already, in version {version}.")


def _matches(tags: ETags, version: str, *, exists: bool) -> bool:
    if tags.star_tag:
        return exists
    return exists and any(tag.partition(".")[0] == version for tag in tags.as_set(include_weak=True))


def committed(commit: Commit, status: int = 200) -> Response:
    """The response to a committed change."""
    response = jsonify(version=commit.version, added=commit.added, deleted=commit.deleted)
    response.status_code = status
    response.headers["Kelisim-Version"] = str(commit.version)
    response.set_etag(commit.state)
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


def seconds(given: str | None) -> float:
    """The value of ``timeout=`` in seconds, 0 if there is none; raises a 400 ProblemError if it is malformed."""
    if not given:
        return 0.0
    try:
        timeout = float(given)
    except ValueError:
        timeout = 0.0
    if not 0 < timeout < float("inf"):
        raise ProblemError(400, "Malformed request", f"timeout={given} is no number of seconds above 0.")
    return timeout
