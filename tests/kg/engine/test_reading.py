"""Rows of internal queries are the same whichever way they are read."""

import pyoxigraph as ox
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.engine.engine import Engine
from kg.engine.reading import rows_of

XSD = "http://www.w3.org/2001/XMLSchema#"
TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
IRIS = st.sampled_from(["urn:a", "urn:ü/%20(x)", "https://w3id.org/kelisim/id/astana"]).map(ox.NamedNode)
NUMBERS = st.sampled_from(["1", "01", "-1.50", "+2", "1e3", ".5", "INF", "true", "1", "no number"])
TYPES = st.sampled_from(["integer", "decimal", "double", "boolean", "date", "string"]).map(lambda n: XSD + n)
LITERALS = st.one_of(
    st.builds(ox.Literal, TEXTS),
    st.builds(lambda text, tag: ox.Literal(text, language=tag), TEXTS, st.sampled_from(["en", "kk-Latn", "ru"])),
    st.builds(lambda text, name: ox.Literal(text, datatype=ox.NamedNode(name)), NUMBERS | TEXTS, TYPES),
)
AWKWARD = "SELECT ?s ?o ?none WHERE { ?s ?p ?o OPTIONAL { ?s <urn:absent> ?none } } ORDER BY STR(?o) STR(?s) LIMIT 100"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(IRIS, st.one_of(IRIS, LITERALS)), max_size=6))
def test_rows_are_those_of_the_other_format(pairs: list[tuple[ox.NamedNode, ox.NamedNode | ox.Literal]]) -> None:
    reader = rows_of(Engine([ox.Quad(s, ox.NamedNode("urn:p"), o) for s, o in pairs]))
    assert reader.rows(AWKWARD) == list(reader.stream(AWKWARD))
    alone = "SELECT ?none WHERE { ?s ?p ?o OPTIONAL { ?s <urn:absent> ?none } } LIMIT 100"
    assert reader.rows(alone) == list(reader.stream(alone)) == [{} for _ in set(pairs)]


def test_nodes_without_names_stay_apart() -> None:
    a, b = ox.BlankNode("a"), ox.BlankNode("b")
    reader = rows_of(Engine([ox.Quad(a, ox.NamedNode("urn:p"), b), ox.Quad(b, ox.NamedNode("urn:p"), a)]))
    first, second = reader.rows("SELECT ?s ?o WHERE { ?s ?p ?o } LIMIT 10")
    assert first["s"] == second["o"] != first["o"] == second["s"]
