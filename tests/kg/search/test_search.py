"""Search: the index against the graph, and ``/search`` over HTTP."""

import json
import threading
import urllib.parse
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.engine.engine import Engine
from kg.engine.errors import BusyError
from kg.language.transliteration import fold, phonetic_key
from kg.search.index import Index
from kg.search.search import MAX_CHARACTERS, PAGE_SIZE, correction, search
from kg.search.texts import KINDS, Text, last_part, read_texts
from kg.store.background import Refresher
from kg.store.reader import Reader
from ontology.namespaces import ID, KEL
from tests.conftest import serving
from tests.http import BROWSER, send
from tests.server.endpoint.test_writes import make_token

TOKAYEV = ID["kassym-jomart-tokayev"]
KAZAKHSTAN = ID.kazakhstan


@pytest.fixture(scope="module")
def index(engine: Engine) -> Index:
    return Index(read_texts(Reader(engine)))


def find(server: str, words: str, **more: str) -> Any:
    status, _, body = send(f"{server}search?" + urllib.parse.urlencode({"q": words, "format": "json", **more}))
    assert status == 200, body
    return json.loads(body)


def test_every_text_of_the_graph_is_read_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    in_one_page = sorted((t.thing, t.kind, t.language, t.text) for t in read_texts(Reader(engine)))
    stated = [q for q in engine.quads() if q.predicate.value in KINDS]
    expected = {
        (q.subject.value, KINDS[q.predicate.value], q.object.language or "", q.object.value)  # type: ignore[union-attr]
        for q in stated
        if isinstance(q.object, ox.Literal) and q.object.value
    }
    expected |= {
        (q.subject.value, KINDS[q.predicate.value], "", last_part(q.object.value))  # type: ignore[union-attr]
        for q in stated
        if isinstance(q.object, ox.NamedNode)
    }
    assert set(in_one_page) == expected
    assert len(in_one_page) > 4_000
    monkeypatch.setattr("kg.search.texts.PAGE_TEXTS", 400)
    assert sorted((t.thing, t.kind, t.language, t.text) for t in read_texts(Reader(engine))) == in_one_page


@pytest.mark.parametrize(
    "words",
    ["Tokayev", "ТОКАЕВ", "токаев касым", "Тоқаев", "Токаевтың", "kassym jomart", "Qasym-Jomart", "Токае"],
)
def test_a_person_is_found_in_three_languages(index: Index, words: str) -> None:
    assert str(TOKAYEV) in [hit.thing for hit in search(index, words).hits]


@pytest.mark.parametrize("words", ["Kazakhstan", "казахстан", "ҚАЗАҚСТАН", "Казакстан", " Қазақстан "])
def test_the_name_itself_comes_first(index: Index, words: str) -> None:
    assert search(index, words).hits[0].thing == str(KAZAKHSTAN)


def test_names_come_before_glosses(index: Index) -> None:
    kinds = [hit.kind for number in (1, 2, 3, 4) for hit in search(index, "visit", number=number).hits]
    assert {"name", "gloss"} <= set(kinds)
    assert kinds.index("gloss") > max(i for i, kind in enumerate(kinds) if kind == "name")


def test_pages_hold_everything_once(index: Index) -> None:
    first = search(index, "Kazakhstan")
    assert first.total > 3 * PAGE_SIZE
    pages = [search(index, "Kazakhstan", number=n).hits for n in range(1, first.total // PAGE_SIZE + 2)]
    things = [hit.thing for page in pages for hit in page]
    assert len(things) == len(set(things)) == first.total == sum(first.classes.values())
    assert not search(index, "Kazakhstan", number=len(pages) + 1).hits


def test_class_and_language_narrow(index: Index) -> None:
    everything = search(index, "Казахстан")
    states = search(index, "Казахстан", class_iri=str(KEL.State))
    assert {hit.class_iri for hit in states.hits} == {str(KEL.State)}
    assert states.total == everything.classes[str(KEL.State)] < everything.total
    assert states.classes == everything.classes
    assert {hit.language for hit in search(index, "Казахстан", language="kk").hits} == {"kk"}


def test_endings_do_not_matter_where_little_is_found(index: Index) -> None:
    assert str(KAZAKHSTAN) in [h.thing for h in search(index, "Казахстаном").hits]
    assert str(ID["vladimir-putin"]) in [h.thing for h in search(index, "Путину").hits]


def test_some_of_the_words_serve_where_nothing_has_all(index: Index) -> None:
    found = search(index, "whom did Tokayev greet")
    assert found.partial
    assert any("Tokayev" in hit.text for hit in found.hits)
    assert not search(index, "Tokayev").partial


def test_marks_are_the_words_of_the_text(index: Index) -> None:
    hit = search(index, "тоқаев").hits[0]
    assert "".join(part for part, _ in hit.marked) == hit.text
    assert [part for part, marked in hit.marked if marked] in (["Тоқаев"], ["Токаев"])


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("sanctoins", "sanctions"), ("Kazakstan trade", "kazakhstan trade"), ("Лукошенко", "лукашенко")],
)
def test_a_correction_is_offered(index: Index, asked: str, meant: str) -> None:
    assert correction(index, asked) == meant
    assert search(index, meant).total


def test_no_correction_where_none_is_near(index: Index) -> None:
    assert not correction(index, "zzzzqqqq")
    assert not correction(index, "Kazakhstan")


@cache
def small() -> Index:
    return Index([Text("urn:a", "name", "en", 'A "quoted" AND (other) NEAR* name', ())])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet='"*()^:+-{} ANDORNOTNEAR', max_size=40))
def test_nothing_that_is_typed_is_syntax(asked: str) -> None:
    found = search(small(), asked)
    assert found.total >= len(found.hits)
    correction(small(), asked)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert phonetic_key(text).isascii()


def test_the_index_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = Index([Text("urn:a", "name", "en", "Something", ())])
    assert not list(tmp_path.iterdir())
    assert search(made, "some").total == 1


def test_what_is_current_follows_the_version() -> None:
    version = ["1"]
    current = Refresher(lambda: version[0], lambda: version[0] * 2)
    assert current.get(10).value == "11"
    version[0] = "2"
    held = current.get(10)
    assert (held.value, held.version, held.fresh) == ("22", "2", True)


def test_what_is_not_yet_current_says_so() -> None:
    go, version = threading.Event(), ["1"]

    def make() -> str:
        assert go.wait(10)
        return version[0]

    current = Refresher(lambda: version[0], make)
    with pytest.raises(BusyError):
        current.get(0.05)
    go.set()
    assert current.get(10).fresh
    go.clear()
    version[0] = "2"
    held = current.get(0.05)
    assert (held.value, held.fresh) == ("1", False)
    go.set()
    assert current.get(10).value == "2"


def test_a_failure_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    faults = [RuntimeError("no worker")]

    def make() -> str:
        if faults:
            raise faults.pop()
        return "made"

    current = Refresher(lambda: "1", make)
    with pytest.raises(BusyError):
        current.get(0.2)
    assert current.get(10).value == "made"
    assert "could not be made" in caplog.text


def test_json_tells_what_was_found(server: str) -> None:
    found = find(server, "Токаев", type="foaf:Person")
    first = found["results"][0]
    assert first["iri"] == str(TOKAYEV)
    assert first["page"] == f"{server}page/kassym-jomart-tokayev"
    assert (first["label"], first["language"]) == ("Kassym-Jomart Tokayev", "en")
    start, end = first["match"]["marks"][0]
    assert first["match"]["text"][start:end] == "Токаев"
    assert found["fresh"]
    assert found["total"] == 1
    assert found["did_you_mean"] is None
    assert {"Event", "Person", "Statement"} <= {t["name"] for t in found["types"]}
    assert find(server, "Токаев", type="http://xmlns.com/foaf/0.1/Person")["total"] == 1


def test_json_leads_through_all_pages(server: str) -> None:
    page = find(server, "Kazakhstan")
    things = [r["iri"] for r in page["results"]]
    while page["next"]:
        page = json.loads(send(page["next"])[2])
        things += [r["iri"] for r in page["results"]]
    assert len(things) == len(set(things)) == page["total"]
    assert page["page"] == page["pages"]


def test_form_is_negotiated(server: str) -> None:
    address = f"{server}search?q=Astana"
    for accept, expected in ((BROWSER, "text/html"), ("application/json", "application/json")):
        status, headers, _ = send(address, headers={"Accept": accept})
        assert (status, headers.get_content_type()) == (200, expected)
        assert "Accept" in headers["Vary"]


def test_page_marks_safely(server: str) -> None:
    body = send(f"{server}search?q=%3Cscript%3Ealert(1)%3C/script%3E", headers={"Accept": BROWSER})[2].decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)" in body
    body = send(f"{server}search?q=%D1%82%D0%BE%D0%BA%D0%B0%D0%B5%D0%B2", headers={"Accept": BROWSER})[2].decode()
    assert "<mark>Токаев</mark>" in body
    assert 'href="/page/kassym-jomart-tokayev"' in body


def test_page_says_what_to_do(server: str) -> None:
    empty = send(f"{server}search", headers={"Accept": BROWSER})[2].decode()
    assert "Type a name or some words" in empty
    nothing = send(f"{server}search?q=sanctoins", headers={"Accept": BROWSER})[2].decode()
    assert "Nothing was found" in nothing
    assert 'href="/search?q=sanctions"' in nothing
    narrow = send(f"{server}search?q=Astana&type=kel:Instrument", headers={"Accept": BROWSER})[2].decode()
    assert "Search in all types and languages" in narrow


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"q": "x" * (MAX_CHARACTERS + 1)}, 400),
        ({"q": "a", "page": "0"}, 400),
        ({"q": "a", "page": "-1"}, 400),
        ({"q": "a", "page": "1e3"}, 400),
        ({"q": "a", "language": "de"}, 400),
        ({"q": "a", "format": "xml"}, 406),
    ],
)
def test_what_cannot_be_asked_is_a_problem(server: str, fields: dict[str, str], status: int) -> None:
    code, headers, body = send(f"{server}search?" + urllib.parse.urlencode(fields))
    assert (code, headers.get_content_type()) == (status, "application/problem+json")
    assert json.loads(body)["detail"]


def test_programs_learn_how_to_search(server: str) -> None:
    _, headers, body = send(f"{server}opensearch.xml")
    assert headers.get_content_type() == "application/opensearchdescription+xml"
    space = "{http://a9.com/-/spec/opensearch/1.1/}"
    templates = {u.get("type"): u.get("template") or "" for u in ET.fromstring(body).iter(f"{space}Url")}
    address = templates["application/json"].replace("{searchTerms}", "Astana").replace("{startPage?}", "")
    assert json.loads(send(address)[2])["total"] > 0
    page = send(f"{server}search", headers={"Accept": BROWSER})[2].decode()
    assert 'rel="search"' in page


def test_an_empty_store_is_searched_and_changes_are_found(kelisim: str, tmp_path: Path) -> None:
    token = make_token(tmp_path / "store")
    options = ("--store", str(tmp_path / "store"), "--empty", "--allow-updates")
    with serving(kelisim, *options) as running:
        assert find(running.address, "Zembla")["total"] == 0
        for number in range(3):
            label = "http://www.w3.org/2000/01/rdf-schema#label"
            update = f'INSERT DATA {{ <urn:zembla-{number}> <{label}> "Zembla {number}"@en }}'
            fields = urllib.parse.urlencode({"update": update}).encode()
            status, _, body = send(
                f"{running.address}sparql", method="POST", body=fields, headers={"Authorization": f"Bearer {token}"}
            )
            assert status == 200, body
            found = find(running.address, "Zembla")
            assert (found["total"], found["fresh"]) == (number + 1, True)


@pytest.mark.parametrize(
    ("words", "thing"), [("KAZ", "kazakhstan"), ("q159", "russia"), ("U.S.", "usa"), ("О.Д.К.Б.", "csto")]
)
def test_codes_identifiers_and_abbreviations_are_found(server: str, words: str, thing: str) -> None:
    assert find(server, words)["results"][0]["iri"] == str(ID[thing])


def test_words_that_few_names_begin_with_cost_no_more_among_many_names() -> None:
    """Counted in instructions of SQLite's machine, of which each name would take some."""

    def instructions(names: int) -> int:
        index = Index(Text(f"x:{n}", "name", "en", f"Place {n}", ()) for n in range(names))
        taken = 0

        def count() -> int:
            nonlocal taken
            taken += 1
            return 0

        connections = [index._pool.get() for _ in range(index._pool.qsize())]
        for connection in connections:
            connection.set_progress_handler(count, 10)
            index._pool.put(connection)
        assert search(index, "Zemblanity").total == 0
        return taken

    assert instructions(4_000) <= instructions(200) + 20
