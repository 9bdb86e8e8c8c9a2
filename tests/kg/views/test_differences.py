"""What changed between two states, in words."""

import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.history.changes import NetChange
from kg.store.reader import Reader
from kg.views.differences import PAGE_ITEMS, as_json, differ

TRIG = """
@prefix : <urn:> . @prefix kel: <https://w3id.org/kelisim/ns#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


def quads(trig: str) -> set[ox.Quad]:
    return set(ox.parse(TRIG + trig, format=ox.RdfFormat.TRIG))


def told(before: str, after: str, language: str = "en", page: int = 1) -> dict[str, object]:
    now = quads(after)
    return as_json(differ(NetChange.between(quads(before), now), Reader(Engine(now)), language, page))


def test_claims() -> None:
    one = ':c1 a kel:Claim ; kel:gloss "one"@en , "один"@ru . GRAPH :c1 { :s :p 1 }'
    two = ':c2 a kel:Claim ; kel:gloss "two"@en . GRAPH :c2 { :s :p 2 }'
    found = told(one, two, "ru")
    assert found["claims"] == [
        {"iri": "urn:c1", "fate": "withdrawn", "label": "один"},
        {"iri": "urn:c2", "fate": "added", "label": "two"},
    ]
    changed = told(one, one.replace("1 }", "3 }"))
    assert changed["claims"] == [{"iri": "urn:c1", "fate": "changed", "label": "one"}]
    reworded = told(one, one.replace('"one"', '"first"'))
    assert reworded["claims"] == [{"iri": "urn:c1", "fate": "changed", "label": "first"}]


def test_a_fact_that_moves_to_another_graph_is_no_change_of_the_thing() -> None:
    claim = ":c a kel:Claim . GRAPH :c { :s :p 1 }"
    assert told(":s :p 1 .", claim)["things"] == []
    assert told(claim, claim + " GRAPH <https://w3id.org/kelisim/graph/inferred> { :s :q 1 }")["things"] == []


def test_things() -> None:
    found = told(':s rdfs:label "S"@en ; :p :a .', ':s rdfs:label "S"@en ; :p :b . :b rdfs:label "B"@en .')
    things = {thing["iri"]: thing for thing in found["things"]}  # type: ignore[attr-defined]
    assert [fact["value"] for fact in things["urn:s"]["deleted"]] == ["<urn:a>"]
    assert [fact["value_label"] for fact in things["urn:s"]["added"]] == ["B"]
    assert things["urn:s"]["label"] == "S"
    gone = told(':s rdfs:label "S"@en .', "")
    assert gone["things"][0]["label"] == "S", "the label of what is gone is that which it had"  # type: ignore[index]


def test_pages_hold_all_once() -> None:
    after = "".join(f":t{n} :p 1 ." for n in range(2 * PAGE_ITEMS + 1))
    pages = [told("", after, page=number) for number in (1, 2, 3)]
    assert [page["pages"] for page in pages] == [3, 3, 3]
    iris = [thing["iri"] for page in pages for thing in page["things"]]  # type: ignore[attr-defined]
    assert len(iris) == len(set(iris)) == 2 * PAGE_ITEMS + 1
