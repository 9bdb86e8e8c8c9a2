"""Lines that are taken as they are, without the engine, are those that it would have written."""

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kg.rdf.canonical import canonical_and_other
from kg.rdf.normalization import normalized_text

XSD = "http://www.w3.org/2001/XMLSchema#"
IRIS = st.one_of(
    st.sampled_from(["http://example.org/a", "https://example.org", "http://e.x/?q=1#f", "urn:a:b", "http://e.x/%41"]),
    st.sampled_from(
        ["a", "http://e.x/a b", "http://e.x/#a#b", "http://e.x:80/", "http://[::1]/", "http://é.x/", "//e.x"]
    ),
    st.text("ab/:?#[]@!$&'()*+,;=%-._~|^`{}<é\u0080\ufffe", max_size=8).map(lambda path: f"http://e.x{path}"),
)
CONTENTS = st.one_of(
    st.text(st.characters(exclude_characters='"\\\n\r', exclude_categories=["Cs"]), max_size=6),
    st.sampled_from(
        [r"\n", r"\u00e9", r"a\"b", "\\", "'", "\t", "\x00", "\x7f", "\x85", "\u2028", "\ufffe", "\U0010ffff"]
    ),
)
NUMBERS = st.sampled_from(
    [
        "0",
        "-0",
        "01",
        "+1",
        "-1",
        "12",
        "1.0",
        "123456789012345678",
        "1234567890123456789012",
        "2024-02-28",
        "2024-02-29",
        "2023-02-29",
        "2024-02-30",
        "2024-04-31",
        "2024-12-31",
        "2024-13-01",
        "0000-01-01",
        "12024-01-01",
        "2024-01-01Z",
        "true",
        "1e3",
    ]
)
TYPES = st.sampled_from(["integer", "date", "string", "boolean", "double", "decimal", "gYear", "none"])
TYPED = st.tuples(NUMBERS, TYPES)
TAGS = st.sampled_from(["@en", "@EN", "@kk-Cyrl", "@en-gb", "@en-GB", "@x", "@de-1996", "@en--ltr", "^^", "^^<b>", ""])
OBJECTS = st.one_of(
    IRIS.map(lambda iri: f"<{iri}>"),
    st.tuples(CONTENTS, TAGS).map(lambda parts: f'"{parts[0]}"{parts[1]}'),
    TYPED.map(lambda parts: f'"{parts[0]}"^^<{XSD}{parts[1]}>'),
)
GRAPHS = st.one_of(st.just(""), IRIS.map(lambda iri: f" <{iri}>"))
ENDS = st.sampled_from([" .\n", " .\n", " .\n", ".\n", " . \n", " .\r\n", " . # a comment\n", "\n", " .", " .\n\n"])
LINES = st.tuples(IRIS, IRIS, OBJECTS, GRAPHS, ENDS).map(lambda p: f"<{p[0]}> <{p[1]}> {p[2]}{p[3]}{p[4]}")
FORMS = [ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS]
GOOD = '<http://e.x/a> <http://e.x/b> "c"@en .\n'


def by_the_engine(text: bytes, form: ox.RdfFormat) -> set[bytes] | tuple[str, int | None]:
    """The lines of the text, or what is wrong and where."""
    store = ox.Store()
    try:
        store.load(text, form)
    except SyntaxError as error:
        return error.msg, error.lineno
    return {*(store.dump(format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True)}


def normalized(text: bytes, form: ox.RdfFormat) -> set[bytes] | tuple[str, int | None]:
    try:
        return {*(normalized_text(text, form) or ())}
    except SyntaxError as error:
        return error.msg, error.lineno


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=400, deadline=None)
@given(st.lists(LINES, max_size=4), st.booleans())
@example([GOOD, "no triple\n", GOOD], False)
@example(['<http://e.x/a> <http://e.x/b> "\x85" .\n'], True)
def test_the_lines_are_those_of_the_engine(form: ox.RdfFormat, lines: list[str], among_good: bool) -> None:
    text = "".join((GOOD, *lines, GOOD) if among_good else lines).encode()
    if b"_:" not in text and b"<<" not in text:
        assert normalized(text, form) == by_the_engine(text, form)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=12))
def test_bytes_that_are_no_text_are_left_to_the_engine(form: ox.RdfFormat, content: bytes) -> None:
    text = GOOD.encode() + b'<http://e.x/a> <http://e.x/b> "' + content + b'" .\n'
    if b"_:" not in text and b"<<" not in text:
        assert normalized(text, form) == by_the_engine(text, form)


def test_usual_lines_are_recognised() -> None:
    usual = [
        GOOD,
        '<http://e.x/a> <http://e.x/b> "Қазақстан" <https://w3id.org/kelisim/claim/c1> .\n',
        f'<http://e.x/a> <http://e.x/b#c> "-120"^^<{XSD}integer> .\n',
        f'<http://e.x/a> <http://e.x/b> "2024-01-31"^^<{XSD}date> <http://e.x/g> .\n',
        "<http://e.x/a> <http://e.x/b> <http://e.x/c?d=e> .\n",
    ]
    text = "".join(usual).encode()
    canonical, other = canonical_and_other(text, ox.RdfFormat.N_QUADS)
    assert canonical == text
    assert other == b""
    february = usual[3].replace("01-31", "02-29").encode()
    assert canonical_and_other(text + february, ox.RdfFormat.N_QUADS) == (text, february)
    assert canonical_and_other(usual[1].encode(), ox.RdfFormat.N_TRIPLES) == (b"", usual[1].encode())
