"""Chooses the format of an answer (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

from flask import Request

from kg.formats import ALIASES, OTHER_NAMES, GraphFormat, ResultFormat
from server.errors import ProblemError

HTML = "text/html"


def choose(
    request: Request, formats: Sequence[ResultFormat] | Sequence[GraphFormat]
) -> ResultFormat | GraphFormat | None:
    """The format that the client likes best, or None for an HTML page.

    ``format=`` (a name, a file ending or a media type) goes before the Accept header; without either, the first format
    is taken. Raises a 406 ProblemError that lists what there is.
    """
    by_type: dict[str, ResultFormat | GraphFormat] = {f.media_type: f for f in formats}
    by_name = {name: f for f in formats for name in (f.name, f.extension, f.media_type)}
    by_type |= {alias: by_name[name] for alias, name in ALIASES.items() if name in by_name}
    offered = ", ".join(f"{f.name} ({f.media_type})" for f in formats)
    wanted = request.values.get("format")
    if wanted:
        if wanted in ("html", HTML):
            return None
        found = by_name.get(OTHER_NAMES.get(wanted, wanted)) or by_type.get(wanted)
        if found is None:
            raise ProblemError(
                406, "Not acceptable", f"There is no format {wanted!r} for this answer; there is: {offered}."
            )
        return found
    accepted = request.accept_mimetypes
    if not accepted:
        return formats[0]
    best = accepted.best_match([*by_type, HTML])
    if best is None:
        raise ProblemError(406, "Not acceptable", f"None of the types in Accept fits this answer; there is: {offered}.")
    return None if best == HTML else by_type[best]
