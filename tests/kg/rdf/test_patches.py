"""RDF Patch: serialisation round trip, application and inverse."""

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.rdf.patches import MAXIMUM_NESTING, Patch, diff, new_header, parse
from ontology import KelisimError

XSD = "http://www.w3.org/2001/XMLSchema#"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "",
        '"',
        "\\",
        "\n",
        "\r\nTC .\n",
        "\nA <x:s> <x:p> <x:o> .",
        "<<(" * 70,
        "\x00\x1f\x7f\x85\u2028\ufffe",
        "_:a:b",
        "😀",
    ]
)
IRIS = st.sampled_from(["x:s", "x:p", "https://w3id.org/kelisim/id/kazakhstan", "http://é.example/ü#ж?a=%20&b='"])
LABELS = st.from_regex(r"[A-Za-z0-9_é]([A-Za-z0-9_.é-]{0,5}[A-Za-z0-9_é-])?", fullmatch=True)
NODES = IRIS.map(ox.NamedNode)
BLANK_NODES = LABELS.map(ox.BlankNode)
LITERALS = (
    TEXTS.map(ox.Literal)
    | st.builds(lambda t, tag: ox.Literal(t, language=tag), TEXTS, st.sampled_from(["en", "EN-gb", "zh-Hans", "x-1"]))
    | TEXTS.map(lambda t: ox.Literal(t, language="ar", direction=ox.BaseDirection.RTL))
    | st.builds(
        lambda t, kind: ox.Literal(t, datatype=ox.NamedNode(XSD + kind)),
        TEXTS | st.sampled_from(["01", "1.10", "+1", "NaN", "2024-02-30", "1e400", "true", "T"]),
        st.sampled_from(["integer", "decimal", "double", "date", "boolean", "string", "made-up"]),
    )
)
TRIPLES = st.builds(ox.Triple, NODES | BLANK_NODES, NODES, NODES | BLANK_NODES | LITERALS)
QUADS = st.builds(
    ox.Quad,
    NODES | BLANK_NODES,
    NODES,
    NODES | BLANK_NODES | LITERALS | TRIPLES,
    NODES | BLANK_NODES | st.just(ox.DefaultGraph()),
)
QUAD_SETS = st.sets(QUADS, max_size=8)
HEADERS = st.dictionaries(
    st.sampled_from(["id", "prev", "time", "author", "message", "X-1_y"]),
    TEXTS | st.just("uuid:0686c69d-8f89"),
    max_size=5,
)

untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def stored(quads: set[ox.Quad]) -> ox.Store:
    store = ox.Store()
    store.extend(quads)
    return store


@untimed
@given(QUAD_SETS, QUAD_SETS, HEADERS)
def test_serialisation_round_trip(before: set[ox.Quad], after: set[ox.Quad], header: dict[str, str]) -> None:
    patch = diff(before, after, header)
    text = patch.serialize()
    assert parse(text) == patch
    assert parse(text).serialize() == text
    assert list(parse(text).header) == list(header)


@untimed
@given(QUAD_SETS, QUAD_SETS)
def test_a_patch_makes_one_set_the_other_and_back(some: set[ox.Quad], others: set[ox.Quad]) -> None:
    before, after = set(stored(some)), set(stored(others))
    patch = diff(before, after)
    assert set(patch.deletes) == before - after
    assert set(patch.adds) == after - before
    assert patch.is_empty == (before == after)
    store = stored(before)
    patch.apply(store)
    assert set(store) == after
    patch.inverse().apply(store)
    assert set(store) == before
    assert patch.inverse() == diff(after, before)


def test_the_rows_stand_in_the_order_of_their_lines() -> None:
    quads = {ox.Quad(ox.NamedNode(f"x:{i}"), ox.NamedNode("x:p"), ox.Literal("é\n"), ox.BlankNode("g")) for i in "cab"}
    header = {"id": "uuid:1", "prev": "uuid:0", "author": 'A "B" <c@d>', "message": "one\ntwo"}
    assert diff({*quads}, set(), header).serialize().decode() == (
        'H id <uuid:1> .\nH prev <uuid:0> .\nH author "A \\"B\\" <c@d>" .\nH message "one\\ntwo" .\nTX .\n'
        'D <x:a> <x:p> "é\\n" _:g .\nD <x:b> <x:p> "é\\n" _:g .\nD <x:c> <x:p> "é\\n" _:g .\nTC .\n'
    )
    assert diff(quads, quads).is_empty


def test_foreign_patches_are_parsed() -> None:
    patch = parse(
        b"# a comment\r\nH id <uuid:1> .\r\n\r\n  H  message  'x' .".replace(b"'", b'"')
        + b'\nTX .\nPA "rdf" "http://www.w3.org/1999/02/22-rdf-syntax-ns#" .\n'
        b"A <x:a> <x:p> <x:o> .\nA <x:b> <x:p> <x:o> <x:g> . # why\n\tD <x:a> <x:p> <x:o> .\nTC .\n"
        b"TX .\nD <x:b> <x:p> <x:o> <x:g> .\nTA .\n"
        b"D <x:c> <x:p> _:b .\nA <x:c> <x:p> _:b ."
    )
    assert patch.header == {"id": "uuid:1", "message": "x"}
    assert [str(q) for q in patch.deletes] == ["<x:a> <x:p> <x:o>"]
    assert [str(q) for q in patch.adds] == ["<x:b> <x:p> <x:o> <x:g>", "<x:c> <x:p> _:b"]
    assert parse(b"") == Patch()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (b"TX .\nA <x:a> <x:p> .\nTC .", 2, "object"),
        (b"TX .\nA <x:a> <x:p> <x:o>\nTC .", 3, ""),
        (b"\n\nA <x:a> rdf:type <x:o> .", 3, "predicate"),
        (b'A <x:a> <x:p> "\xff" .', 1, "UTF-8"),
        (b"A . ", 1, "no <IRI>"),
        (b"A <x:a> <x:p> <x:o> .\nD ", 2, "no <IRI>"),
        (b"A <a b> <x:p> <x:o> .", 1, "IRI"),
        (b"A <x:a> <x:p> <x:o> . <x:a> <x:p> <x:b> .", 1, "single"),
        (b"TX .\nA <x:a> <x:p> <x:o> .\n", 1, "no end"),
        (b"TX .\nTX .\nTC .", 2, "inside the transaction of line 1"),
        (b"TC .", 1, "outside"),
        (b"TX . TC .", 1, "nothing but"),
        (b"H id .", 1, "must be an IRI"),
        (b"H 1 <x:a> .", 1, "a name"),
        (b"\nH id <x:a> <x:b> <x:c> .", 2, ""),
        (b"Q <x:a> <x:p> <x:o> .", 1, "no rows Q"),
        (b"hello", 1, "a row starts with"),
        (b"H id <<( <x:a> <x:b> <x:c> )>> .", 1, "a name"),
        (b"\nA <x:a> <x:b> " + b"<<( <x:a> <x:b> " * 99999 + b"<x:c> " + b")>> " * 99999 + b".", 2, "triple terms"),
        (b'\nA <x:a> <x:b> "' + b'\\"' * 99999 + b"<<( " * 99, 2, ""),
    ],
)
def test_errors_name_the_line(text: bytes, line: int, words: str) -> None:
    with pytest.raises(KelisimError, match=rf"^RDF Patch, line {line}: .*{words}"):
        parse(text)


def test_a_header_stands_once() -> None:
    with pytest.raises(KelisimError, match="header id stands twice"):
        parse(b"H id <x:a> .\nH id <x:b> .")


@untimed
@given(st.binary(max_size=60) | st.text('HADTXC .<>x:"_\\\n(', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        patch = parse(text)
    except KelisimError as error:
        assert str(error).startswith("RDF Patch")  # noqa: PT017 - no error is as good
    else:
        assert parse(patch.serialize()) == patch


def test_what_could_not_be_read_back_is_not_written() -> None:
    node, term = ox.NamedNode("x:a"), ox.Triple(ox.NamedNode("x:a"), ox.NamedNode("x:a"), ox.NamedNode("x:a"))
    with pytest.raises(KelisimError, match="cannot be written as a patch"):
        Patch(adds=(ox.Quad(node, node, ox.BlankNode("a:b")),)).serialize()
    for _ in range(MAXIMUM_NESTING - 1):
        term = ox.Triple(node, node, term)
    deep = Patch(adds=(ox.Quad(node, node, term),))
    assert parse(deep.serialize()) == deep
    with pytest.raises(KelisimError, match="cannot be written as a patch"):
        Patch(adds=(ox.Quad(node, node, ox.Triple(node, node, term)),)).serialize()


def test_a_patch_is_sound() -> None:
    quad = ox.Quad(ox.NamedNode("x:a"), ox.NamedNode("x:a"), ox.NamedNode("x:a"))
    for deletes, adds in (((quad,), (quad,)), ((quad, quad), ()), ((), (quad, quad))):
        with pytest.raises(KelisimError, match="twice"):
            Patch(deletes, adds)
    for header in ({"a b": "x"}, {"": "x"}, {"a": "\ud800"}):
        with pytest.raises(KelisimError, match=r"header"):
            Patch(header=header)


def test_a_new_header_has_author_and_time() -> None:
    first = new_header("Aru", "first")
    second = new_header("Aru", "second", first["id"])
    assert list(second) == ["id", "prev", "time", "author", "message"]
    assert second["prev"] == first["id"] != second["id"]
    assert second["time"].endswith("Z")
    assert "prev" not in first
