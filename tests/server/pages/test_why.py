"""``/why`` and ``kelisim why``: who tells a triple, and how it follows down to the claims that tell it."""

import json
import re
import subprocess
from urllib.parse import urlencode

import pytest

from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.rdf.terms import parse_term, parse_triple
from kg.store.reader import Reader
from kg.views.why import RULES, read_why
from ontology import INFERRED_GRAPH, KelisimError
from tests.http import BROWSER, send

PARTY = ("id:obs-kz-ru-trade-2023", "kel:party", "id:kazakhstan")
HEDGED = ("id:csto-summit-astana-2024", "kel:topic", "id:topic-long-range-strikes")


def page(server: str, *terms: str, language: str = "en", **more: str) -> tuple[int, str]:
    query = urlencode({**dict(zip("spo", terms, strict=False)), **more})
    headers = {"Accept": BROWSER, "Accept-Language": language}
    status, _, body = send(f"{server}why?{query}", headers=headers)
    return status, body.decode()


def test_an_inferred_triple_leads_to_the_claim_by_its_rule(server: str) -> None:
    status, body = page(server, *PARTY)
    assert status == 200
    assert RULES["prp-spo1"] in body
    assert "/claim/izv24-p32-4" in body
    assert "/source/izv24?paragraph=31#p32" in body
    assert "The ontology says so." in body


def test_the_rules_are_told_in_three_languages(server: str) -> None:
    told = {page(server, *PARTY, language=language)[1] for language in ("en", "ru", "kk")}
    assert len(told) == 3
    assert sum(RULES["prp-spo1"] in body for body in told) == 1


def test_a_hedged_triple_names_who_tells_it_and_how_surely(server: str) -> None:
    status, body = page(server, *HEDGED)
    assert status == 200
    assert "It is not in the default graph" in body
    assert "/claim/izv24-p46-4" in body
    assert 'data-modality="expected"' in body


def test_what_is_not_there_is_not_said_to_be_false(server: str) -> None:
    status, body = page(server, "id:astana", "kel:party", "id:astana")
    assert status == 200
    assert "does not hold it" in body


@pytest.mark.parametrize(
    ("terms", "fault"),
    [
        (("id:astana", "kel:party", "no term"), "no term"),
        (("id:astana", "kel:party"), "o="),
        (('"text"', "kel:party", "id:astana"), "literal"),
        (("id:astana", "kel:party", "id:a . <urn:x> <urn:y> <urn:z>"), "no term"),
    ],
)
def test_what_is_no_triple_is_refused_with_the_reason(server: str, terms: tuple[str, ...], fault: str) -> None:
    query = urlencode(dict(zip("spo", terms, strict=False)))
    status, headers, body = send(f"{server}why?{query}")
    assert status == 400
    assert headers["Content-Type"].startswith("application/problem+json")
    assert fault in json.loads(body)["detail"]


def test_the_json_has_the_steps_and_the_records(server: str) -> None:
    status, body = page(server, *PARTY, format="json")
    found = json.loads(body)
    assert status == 200
    assert found["held"] is True
    (step,) = found["steps"]
    assert [way["rule"] for way in step["ways"]] == ["prp-spo1"]
    assert any(premise["claims"] for premise in step["ways"][0]["premises"])
    assert found["records"]["https://w3id.org/kelisim/claim/izv24-p32-4"]["paragraph"] == 32


def test_the_command_prints_the_tree_and_fails_where_there_is_none(kelisim: str) -> None:
    done = subprocess.run([kelisim, "why", *PARTY], capture_output=True, text=True, check=True)
    assert "izv24-p32-4" in done.stdout
    assert "prp-spo1" in done.stdout
    done = subprocess.run(
        [kelisim, "why", *PARTY[:2], "id:mars", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["steps"] == []


def test_every_inferred_triple_of_the_default_graph_ends_at_claims_or_what_is_stated(
    engine: Engine, dataset: Dataset
) -> None:
    inferred = [q for q in dataset.quads if getattr(q.graph_name, "value", "") == INFERRED_GRAPH]
    reader = Reader(engine)
    rules = set[str]()
    for quad in inferred[::97]:
        found = read_why(reader, quad.triple, "en").explanation
        assert found.steps, quad
        for step in found.steps:
            assert step.ways, step
            rules.update(way.rule for way in step.ways)
            assert all(p.claims or p.stated or p.ways for way in step.ways for p in way.premises)
    assert rules <= set(RULES)


def test_terms_are_read_as_people_write_them() -> None:
    assert str(parse_term("a")).endswith("#type>")
    assert parse_term("https://example.org/x") == parse_term("<https://example.org/x>")
    assert re.match(r'"Astana"@en$', str(parse_term('"Astana"@en')))
    assert "gYear" in str(parse_term('"2024"^^xsd:gYear'))
    with pytest.raises(KelisimError, match="literal"):
        parse_triple("id:astana", "28.4", "id:astana")
