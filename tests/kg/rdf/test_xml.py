"""Terms that XML cannot represent are refused and named; all other output is well formed."""

import io
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.engine.engine import Engine
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, NotAcceptableError, by_name
from kg.rdf.xml import XMLOutput, write_rdf_xml
from ontology import PREFIXES

XML, RDF_XML = by_name("xml", RESULT_FORMATS), by_name("rdfxml", GRAPH_FORMATS)
NODE = ox.NamedNode("urn:a")


def written(triple: ox.Triple) -> bytes:
    output = io.BytesIO()
    write_rdf_xml([triple], output, PREFIXES)
    return output.getvalue()


@given(st.text(max_size=12))
def test_literals_are_well_formed_or_refused(text: str) -> None:
    engine = Engine([ox.Quad(NODE, ox.NamedNode("urn:p"), ox.Literal(text))])
    for query, form in (("SELECT ?o { ?s ?p ?o }", XML), ("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", RDF_XML)):
        try:
            document = engine.query(query).serialize(form)
        except NotAcceptableError:
            assert any((ord(c) < 32 and c not in "\t\n\r") or c in "\ufffe\uffff" for c in text)
        else:
            found = [e.text or "" for e in ElementTree.fromstring(document).iter() if not len(e)]
            read = text.replace("\r\n", "\n").replace("\r", "\n")  # where it is not escaped (XML 1.0, section 2.11)
            assert {text, read} & {*found} or text.isspace() or not text


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x0b", "\x1f", "\ufffe", "\uffff"])
@pytest.mark.parametrize("before", ["", "bell", "x" * 5000])
def test_the_literal_is_named(character: str, before: str) -> None:
    with pytest.raises(NotAcceptableError, match=rf"U\+{ord(character):04X}.*“{before[-40:]}”"):
        written(ox.Triple(NODE, ox.NamedNode("urn:p"), ox.Literal(f"{before}{character}after")))


@pytest.mark.parametrize(
    "name", ["http://e.org/123", "urn:uuid:1", "http://e.org/", "http://e.org/x#", "https://w3id.org/kelisim/ns#"]
)
def test_properties_without_a_name_are_named(name: str) -> None:
    with pytest.raises(NotAcceptableError, match="RDF/XML cannot write"):
        written(ox.Triple(NODE, ox.NamedNode(name), ox.Literal("x")))


@pytest.mark.parametrize(
    "name", ["http://e.org/a.b-c", "http://e.org/ё", "urn:uuid:a1", str(PREFIXES["kel"]) + "value"]
)
def test_other_properties_are_written(name: str) -> None:
    text = 'a <e: xmlns:oxprefix="no">tag</e:> & more'
    root = ElementTree.fromstring(written(ox.Triple(NODE, ox.NamedNode(name), ox.Literal(text))))
    assert root[0][0].tag.replace("{", "").replace("}", "") == name
    assert root[0][0].text == text


@given(st.binary(max_size=40), st.integers(1, 7))
def test_where_the_parts_end_does_not_matter(text: bytes, size: int) -> None:
    data = b"<a>" + text + "\ufffe".encode()
    output = XMLOutput(io.BytesIO(), "others")

    def write_in_parts() -> None:
        for start in range(0, len(data), size):
            output.write(data[start : start + size])

    with pytest.raises(NotAcceptableError):
        write_in_parts()
