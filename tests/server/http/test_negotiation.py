"""Content negotiation, against a model of quality and specificity in RFC 9110."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS
from server.http.errors import ProblemError
from server.http.negotiation import HTML, Wanted, accepted_types, wanted_formats

TYPES = [f.media_type for f in (*RESULT_FORMATS, *GRAPH_FORMATS)]
RANGES = st.sampled_from([*TYPES, HTML, "image/png", "text/*", "application/*", "*/*"])
QUALITIES = st.sampled_from(["0", "0.1", "0.5", "0.9", "1"])
HEADERS = st.lists(st.tuples(RANGES, QUALITIES), max_size=6, unique_by=lambda pair: pair[0])


def quality(header: list[tuple[str, str]], media_type: str) -> float:
    """The quality of a media type by its most specific range (RFC 9110, section 12.5.1)."""
    given = dict(header)
    for candidate in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        if candidate in given:
            return float(given[candidate])
    return 0.0


def wanted(header: list[tuple[str, str]], parameters: str = "") -> Wanted | None:
    text = ", ".join(f"{r}{parameters};q={q}" for r, q in header)
    try:
        return wanted_formats(accepted_types(text), None)
    except ProblemError:
        return None


@settings(deadline=None)
@given(HEADERS)
def test_nothing_that_the_client_refuses_is_chosen(header: list[tuple[str, str]]) -> None:
    if not header:
        return
    found = wanted(header)
    for formats, name in ((RESULT_FORMATS, found and found.bindings), (GRAPH_FORMATS, found and found.graph)):
        offered = {f.name: f.media_type for f in formats} | {"html": HTML}
        best = max(quality(header, t) for t in offered.values())
        assert (quality(header, offered[name]) == best > 0) if name else best == 0


@settings(deadline=None)
@given(HEADERS, st.sampled_from(["", ";charset=utf-8", '; profile="x"', ";header=absent"]))
def test_parameters_of_types_change_nothing(header: list[tuple[str, str]], parameters: str) -> None:
    assert wanted(header, parameters) == wanted(header)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_header_is_read(text: str) -> None:
    with contextlib.suppress(ProblemError):  # 406 is the only expected error
        wanted_formats(accepted_types(text), None)
