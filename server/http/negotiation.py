"""Content negotiation of result and graph formats (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence
from typing import NamedTuple

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from kg.rdf.formats import (
    ALIASES,
    GRAPH_ALIASES,
    GRAPH_FORMATS,
    OTHER_NAMES,
    RESULT_FORMATS,
    GraphFormat,
    ResultFormat,
    content_type,
)
from server.http.errors import ProblemError

HTML = "text/html"
CONTENT_TYPES = {f.name: content_type(f.media_type) for f in (*RESULT_FORMATS, *GRAPH_FORMATS)}
"""The value of Content-Type for each format, by its name."""

DISPOSITIONS = {"csv-excel": 'attachment; filename="answer.csv"'}
"""The value of Content-Disposition (RFC 6266) for formats that browsers are to save, by their names."""
PAGE = "html"
"""The name of a page among the formats."""
_GRAPH_NAMES = frozenset(f.name for f in GRAPH_FORMATS)


class Wanted(NamedTuple):
    """The names of the formats that a client prefers for bindings and for graphs; empty if it accepts none.

    ``html`` is a page, which browsers prefer for both and others may for one of them.
    """

    bindings: str
    graph: str

    @property
    def may_be_page(self) -> bool:
        """Whether the answer is a page, if it is of the right kind."""
        return PAGE in self

    @property
    def graph_page(self) -> bool:
        """Whether a graph is wanted as a page."""
        return self.graph == PAGE

    def evaluated(self) -> tuple[str, str]:
        """The formats for bindings and for graphs to ask of the engine: for a page those that it is rendered from."""
        bindings = RESULT_FORMATS[0].name if self.bindings == PAGE else self.bindings
        return bindings, GRAPH_FORMATS[0].name if self.graph_page else self.graph

    def is_page(self, evaluated: str) -> bool:
        """Whether an answer that the engine gave in that format becomes a page."""
        return (self.graph if is_graph(evaluated) else self.bindings) == PAGE


def is_graph(name: str) -> bool:
    """Whether the format of that name is one of graphs."""
    return name in _GRAPH_NAMES


def accepted_types(header: str | None) -> MIMEAccept:
    """The Accept header without parameters other than ``q``, since the formats differ by media type alone."""
    ranges = []
    for part in (header or "").split(","):
        media_range, *parameters = (p.strip() for p in part.split(";"))
        quality = next((p for p in parameters if p.lower().replace(" ", "").startswith("q=")), "")
        ranges.append(f"{media_range};{quality}" if quality else media_range)
    return parse_accept_header(", ".join(r for r in ranges if r), MIMEAccept)


def wanted_formats(accept: MIMEAccept, name: str | None) -> Wanted:
    """The formats that a client accepts for a query whose form is not known yet.

    `name` is the parameter ``format=`` (a format name, a file extension or a media type) and overrides the Accept
    header; without either, the first formats are the default. Raises a 406 ProblemError if no format is acceptable.
    """
    if name:
        name = name.lower()
        page = PAGE if name in (PAGE, HTML) else ""
        found = Wanted(page or _named(name, RESULT_FORMATS), page or _named(name, GRAPH_FORMATS))
        message = f"There is no format {name!r}"
    else:
        found = Wanted(_accepted(accept, RESULT_FORMATS), _accepted(accept, GRAPH_FORMATS))
        message = "None of the types in Accept fits"
    if not any(found):
        offered = ", ".join(f"{f.name} ({f.media_type})" for f in (*RESULT_FORMATS, *GRAPH_FORMATS))
        raise ProblemError(406, "Not acceptable", f"{message}; there is: {offered}.")
    return found


def graph_format(accept: MIMEAccept, name: str | None, formats: Sequence[GraphFormat] = GRAPH_FORMATS) -> GraphFormat:
    """The format that a client prefers for a graph, or dataset; raises a 406 ProblemError if none is acceptable."""
    chosen = _named(name.lower(), formats) if name else _accepted(accept, formats, page=False)
    for form in formats:
        if form.name == chosen:
            return form
    offered = ", ".join(f"{f.name} ({f.media_type})" for f in formats)
    raise ProblemError(406, "Not acceptable", f"A graph comes as one of: {offered}.")


def _named(name: str, formats: Sequence[ResultFormat | GraphFormat]) -> str:
    aliases = ALIASES if formats is RESULT_FORMATS else GRAPH_ALIASES
    name = aliases.get(name, OTHER_NAMES.get(name, name))
    return next((f.name for f in formats if name in (f.name, f.extension, f.media_type)), "")


def _accepted(accept: MIMEAccept, formats: Sequence[ResultFormat | GraphFormat], *, page: bool = True) -> str:
    if not accept:
        return formats[0].name
    names = {f.name: f.name for f in formats}
    by_type = dict[str, str]()
    for form in formats:
        by_type.setdefault(form.media_type, form.name)
    listed = set(accept.values())  # an alias of a media type matches only if it is listed, not by a wildcard
    aliases = ALIASES if formats is RESULT_FORMATS else GRAPH_ALIASES
    by_type |= {t: n for t, n in aliases.items() if n in names and t in listed}
    best = accept.best_match([*by_type, HTML] if page else [*by_type])
    return by_type.get(best, PAGE) if best else ""
