"""The names of lenses lead to what they are, in RDF and as pages."""

import json

import pytest
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import RDFS, VOID

from tests.http import BROWSER, send

LENS = "https://w3id.org/kelisim/lens/"
KEL = Namespace("https://w3id.org/kelisim/ns#")


@pytest.mark.parametrize(
    "path", ["everything", "as-of/2023-12-31", "as-of/2023-12-31/speaker/vladimir-putin", "modality/denied"]
)
def test_a_lens_is_described_in_rdf(server: str, path: str) -> None:
    status, headers, body = send(f"{server}lens/{path}", headers={"Accept": "text/turtle"})
    assert (status, headers.get_content_type()) == (200, "text/turtle")
    graph = Graph().parse(data=body, format="turtle")
    lens = URIRef(LENS + path)
    assert {label.language for label in graph.objects(lens, RDFS.label) if isinstance(label, Literal)} == {
        "en",
        "ru",
        "kk",
    }
    (part,) = graph.objects(lens, VOID.classPartition)
    assert graph.value(part, VOID["class"]) == KEL.Claim
    (claims,) = graph.objects(part, VOID.entities)
    assert int(str(claims)) > 0
    for narrower in graph.objects(lens, VOID.subset):
        assert (
            send(str(narrower).replace("https://w3id.org/kelisim/", server), headers={"Accept": "text/turtle"})[0]
            == 200
        )
    suffixed = send(f"{server}data/lens/{path}.nt")
    assert {*Graph().parse(data=suffixed[2], format="nt")} == {*graph}


@pytest.mark.parametrize(
    "path", ["everything", "source/mp23", "as-of/1999-01-01", "speaker/izvestia/modality/possible"]
)
def test_a_lens_has_a_page(server: str, path: str) -> None:
    status, _, body = send(f"{server}lens/{path}", headers={"Accept": BROWSER})
    assert status == 200
    assert "<h1>" in body.decode()


@pytest.mark.parametrize(
    "path", ["nothing", "as-of/2023", "speaker/putin", "source/x", "modality/sure", "speaker/", "as-of/2023-12-31/"]
)
def test_what_is_none_is_404_with_the_reason(server: str, path: str) -> None:
    for place in ("lens", "data/lens", "lenses"):
        status, headers, body = send(
            f"{server}{place}/{path}", headers={"Accept": "application/problem+json, text/turtle"}
        )
        assert (status, headers.get_content_type()) == (404, "application/problem+json"), (place, body)
        assert len(json.loads(body)["detail"]) > 30


def test_a_lens_has_one_address(server: str) -> None:
    found = send(f"{server}lens/speaker/izvestia/as-of/2024-12-31", headers={"Accept": BROWSER})
    other = send(f"{server}lenses/speaker/izvestia/as-of/2024-12-31", headers={"Accept": BROWSER})
    assert found[0] == other[0] == 200
    assert "lens/as-of/2024-12-31/speaker/izvestia" in found[2].decode()
