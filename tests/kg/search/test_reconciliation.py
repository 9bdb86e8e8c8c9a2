"""``/reconcile`` against the Reconciliation Service API 0.2, over HTTP."""

import json
import math
import urllib.parse
from typing import Any

import pytest

from kg.engine.engine import Engine
from kg.language.transliteration import phonetic_key
from kg.search.index import Index
from kg.search.matching import candidates, is_match, prefix_candidates, similarity
from kg.search.search import search
from kg.search.texts import Text, read_texts
from kg.store.reader import Reader
from ontology.namespaces import ID, KEL
from tests.http import BROWSER, send

STATE = str(KEL.State)


def call(server: str, path: str = "reconcile", *, method: str = "POST", **fields: Any) -> Any:
    """The JSON that comes; what is no string is sent as JSON, as the specification has it."""
    status, headers, body = request(server, path, method=method, **fields)
    assert status == 200, body
    assert headers["Access-Control-Allow-Origin"] == "*"
    return json.loads(body)


def request(server: str, path: str = "reconcile", *, method: str = "POST", **fields: Any) -> tuple[int, Any, bytes]:
    form = urllib.parse.urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()})
    if method == "GET":
        return send(f"{server}{path}?{form}")
    return send(f"{server}{path}", method="POST", body=form.encode())


def ask(server: str, query: str, **more: Any) -> list[dict[str, Any]]:
    """The candidates for one name."""
    result = call(server, queries={"q": {"query": query, **more}})["q"]["result"]
    assert isinstance(result, list)
    return result


def ids(result: list[dict[str, Any]]) -> list[str]:
    return [candidate["id"] for candidate in result]


def matched(result: list[dict[str, Any]]) -> list[str]:
    return [candidate["id"] for candidate in result if candidate["match"]]


@pytest.mark.parametrize(
    "name",
    [
        "Tokaev",
        "Tokayev",
        "Токаев",
        "Тоқаев",
        "Toqayev",
        "Kasym-Jomart Tokayev",
        "Kassim-Zhomart Tokaev",
        "Касым-Жомарт Токаев",
        "Қасым-Жомарт Тоқаев",
        "TOKAYEV, Kassym-Jomart",
        "Kassym Jomart Tokayef",
    ],
)
def test_spellings_and_scripts_lead_to_the_person(server: str, name: str) -> None:
    found = ask(server, name, type="foaf:Person")
    assert found[0]["id"] == "kassym-jomart-tokayev"
    assert found[0]["name"] == "Kassym-Jomart Tokayev"
    assert found[0]["type"] == [{"id": "foaf:Person", "name": "Person"}]


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("Kazakhstan", "kazakhstan"),
        ("Казахстан", "kazakhstan"),
        ("Қазақстан", "kazakhstan"),
        ("Qazaqstan", "kazakhstan"),
        ("Republic of Kazakhstan", "kazakhstan"),
        ("Ресей", "russia"),
        ("Российская Федерация", "russia"),
        ("РФ", "russia"),
        ("uzbekistan", "uzbekistan"),
        ("Өзбекстан", "uzbekistan"),
    ],
)
def test_states_match_in_three_languages(server: str, name: str, state: str) -> None:
    assert matched(ask(server, name, type="kel:State")) == [state]


@pytest.mark.parametrize(
    "name",
    [
        "Putin",  # a family name alone may be another's
        "Tokaev",
        "Kazakhstan and Russia",
        "Vladimir Pulin",
        "Joint statement of the presidents of Russia and Kazakhstan, 2025",  # the one of 2024 is another
        "Niger",
        "RF",
    ],
)
def test_unsafe_names_do_not_match(server: str, name: str) -> None:
    assert matched(ask(server, name)) == []


def test_every_name_of_every_entity_finds_it(engine: Engine) -> None:
    index = Index(read_texts(Reader(engine)))
    with index.reading() as connection:
        rows = connection.execute("SELECT thing, text FROM texts JOIN names USING (id) WHERE entity").fetchall()
    assert len(rows) > 400
    for thing, name in rows:
        found = candidates(index, name)
        assert thing in [c.thing for c in found if c.score == found[0].score == 100], name
        assert not is_match(found) or found[0].thing == thing


def test_namesakes_are_left_to_a_person() -> None:
    same = [Text(f"{ID}springfield-{n}", "name", "en", "Springfield", (str(KEL.Place),)) for n in range(2)]
    index = Index([*same, Text(f"{ID}springfield", "name", "en", "Springfield", (STATE,))])
    assert len(candidates(index, "Springfield")) == 3
    assert not is_match(candidates(index, "Springfield"))
    assert is_match(candidates(index, "Springfield", {STATE}))


def test_numbers_are_no_misspellings() -> None:
    assert similarity(phonetic_key("Summit of the union 2023"), phonetic_key("Summit of the union 2024")) < 60
    assert similarity(phonetic_key("Summit of the union 2023"), phonetic_key("Summit of teh union 2023")) > 90


def test_scores_fall_and_limits_hold(server: str) -> None:
    found = ask(server, "Kazakhstan", limit=5)
    scores = [candidate["score"] for candidate in found]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 100 for score in scores)
    features = {f["id"]: f["value"] for f in found[0]["features"]}
    assert features == {"type_match": True, "exact_name": True, "name_similarity": 100.0}


def test_identifiers_are_names_too(server: str) -> None:
    assert matched(ask(server, "vladimir-putin")) == ["vladimir-putin"]
    assert matched(ask(server, str(ID.csto))) == ["csto"]


def test_types_narrow_or_prefer(server: str) -> None:
    narrow = ask(server, "Kazakhstan", type=["kel:State", str(KEL.Place)])
    assert {t["id"] for c in narrow for t in c["type"]} <= {"kel:State", "kel:Place"}
    wide = ask(server, "Kazakhstan", type="kel:Instrument", type_strict="should", limit=50)
    assert "kazakhstan" in ids(wide)
    assert matched(wide) == []
    assert ask(server, "Kazakhstan", type="foaf:Person") == []


def test_properties_decide(server: str) -> None:
    right = ask(server, "Kazakhstan", properties=[{"pid": "kel:isoAlpha2", "v": "KZ"}])
    wrong = ask(server, "Kazakhstan", properties=[{"pid": "kel:isoAlpha2", "v": "RU"}])
    assert matched(right) == ["kazakhstan"]
    assert matched(wrong) == []
    place: list[dict[str, Any]] = [{"pid": str(KEL.inState), "v": "Казахстан"}]
    assert matched(ask(server, "Astana", properties=place)) == ["astana"]
    place = [{"pid": str(KEL.inState), "v": [{"id": "kazakhstan", "name": "Kazakhstan"}]}]
    assert matched(ask(server, "Astana", properties=place)) == ["astana"]


def test_properties_alone_find(server: str) -> None:
    found = call(server, queries={"q": {"properties": [{"pid": "kel:isoAlpha3", "v": "RUS"}]}})["q"]["result"]
    assert matched(found) == ["russia"]


def test_a_batch_is_answered_by_its_keys_by_get_and_post(server: str) -> None:
    batch = {"q1": {"query": "Russia"}, "q0": {"query": "no such name at all"}, "ключ": {"query": "Астана"}}
    by_post = call(server, queries=batch)
    assert {key: ids(answer["result"])[:1] for key, answer in by_post.items()} == {
        "q1": ["russia"],
        "q0": [],
        "ключ": ["astana"],
    }
    assert call(server, method="GET", queries=batch) == by_post


def test_a_name_that_nothing_has_does_not_spoil_its_batch(server: str) -> None:
    batch = {"none": {"query": ""}, "blank": {"query": " "}, "long": {"query": "x" * 301}, "right": {"query": "Russia"}}
    found = call(server, queries=batch)
    assert {key: matched(answer["result"]) for key, answer in found.items()} == {
        "none": [],
        "blank": [],
        "long": [],
        "right": ["russia"],
    }


def test_manifest_is_what_clients_need(server: str) -> None:
    manifest = call(server, method="GET")
    assert manifest["versions"] == ["0.2"]
    assert manifest["identifierSpace"] == str(ID)
    assert manifest["schemaSpace"] == str(KEL)
    assert {"id": "kel:State", "name": "State"} in manifest["defaultTypes"]
    assert manifest["batchSize"] == 50
    for url in (manifest["view"]["url"], manifest["preview"]["url"]):
        assert url.startswith(server)
        assert send(url.replace("{{id}}", "kazakhstan"))[0] == 200
    assert send(manifest["logo"])[0] == 200
    for kind in ("entity", "property", "type"):
        told = manifest["suggest"][kind]
        assert "result" in json.loads(send(f"{told['service_url']}{told['service_path']}?prefix=a")[2])


def test_entities_are_suggested_as_one_types(server: str) -> None:
    def suggested(prefix: str, **more: str) -> list[str]:
        return ids(call(server, "reconcile/suggest/entity", method="GET", prefix=prefix, **more)["result"])

    assert suggested("tok")[0] == "kassym-jomart-tokayev"
    assert suggested("тоқ")[0] == "kassym-jomart-tokayev"
    assert suggested("Kazakhstan")[0] == "kazakhstan"
    assert suggested("vladimir-putin")[0] == "vladimir-putin"
    assert "kassym-jomart-tokayev" in suggested("Tokaew")
    assert suggested("") == []
    everything = [*suggested("ka"), *suggested("ka", cursor="10")]
    assert len(everything) == len(set(everything)) > 10
    first = call(server, "reconcile/suggest/entity", method="GET", prefix="tok")["result"][0]
    assert first["notable"] == [{"id": "foaf:Person", "name": "Person"}]


def test_types_and_properties_are_suggested(server: str) -> None:
    types = call(server, "reconcile/suggest/type", method="GET", prefix="sta")["result"]
    assert types == [{"id": "kel:State", "name": "State"}]
    assert len(call(server, "reconcile/suggest/type", method="GET", prefix="")["result"]) == 5
    for prefix in ("iso", "kel:isoAlpha2", str(KEL.isoAlpha2)):
        found = call(server, "reconcile/suggest/property", method="GET", prefix=prefix)["result"]
        assert "kel:isoAlpha2" in ids(found)


def test_preview_fits_into_the_frames_of_others(server: str) -> None:
    status, headers, body = send(f"{server}reconcile/preview?id=kassym-jomart-tokayev", headers={"Accept": BROWSER})
    assert status == 200
    assert headers.get_content_type() == "text/html"
    assert "frame-ancestors *" in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers
    assert "Қасым-Жомарт Тоқаев" in body.decode()
    assert send(f"{server}reconcile/preview?id=nobody")[0] == 404


def test_extension_gives_codes_names_and_things(server: str) -> None:
    proposed = call(server, "reconcile/properties", method="GET", type="kel:State", limit="50")
    assert {"kel:isoAlpha2", "kel:isoAlpha3", "org:memberOf"} <= set(ids(proposed["properties"]))
    assert (proposed["type"], proposed["limit"]) == ("kel:State", 50)
    query: dict[str, list[Any]] = {
        "ids": ["kazakhstan", "russia", "nothing"],
        "properties": [
            {"id": "kel:isoAlpha2"},
            {"id": "rdfs:label", "settings": {"language": "kk"}},
            {"id": "org:memberOf"},
            {"id": "skos:exactMatch"},
            {"id": "skos:altLabel", "settings": {"language": "all", "limit": 1}},
            {"id": "foaf:name", "settings": {"limit": math.inf}},
        ],
    }
    answer = call(server, extend=query)
    assert [each["id"] for each in answer["meta"]] == [each["id"] for each in query["properties"]]
    assert answer["meta"][0]["name"] == "ISO 3166-1 alpha-2"
    rows = answer["rows"]
    assert rows["kazakhstan"]["kel:isoAlpha2"] == [{"str": "KZ"}]
    assert rows["kazakhstan"]["rdfs:label"] == [{"str": "Қазақстан"}]
    assert {"id": "csto", "name": "Collective Security Treaty Organization"} in rows["russia"]["org:memberOf"]
    assert rows["russia"]["skos:exactMatch"] == [{"str": "http://www.wikidata.org/entity/Q159"}]
    assert len(rows["russia"]["skos:altLabel"]) == 1
    assert set(map(len, rows["nothing"].values())) == {0}
    assert call(server, method="GET", extend=query) == answer


def test_extension_keeps_datatypes(server: str) -> None:
    query = {
        "ids": ["obs-kz-ru-trade-2023", "putin-tokayev-talks-2024"],
        "properties": [{"id": "kel:value"}, {"id": "kel:periodStart"}, {"id": "kel:plannedEarliest"}],
    }
    cells = [c for row in call(server, extend=query)["rows"].values() for cell in row.values() for c in cell]
    assert {"date": "2023-01-01T00:00:00Z"} in cells
    assert any(isinstance(c.get("float", c.get("int")), int | float) for c in cells)


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("queries", "{", 400),
        ("queries", "[" * 200_000, 400),
        ("queries", "[]", 400),
        ("queries", '{"\\ud800": {"query": "Russia"}}', 400),
        ("queries", {str(n): {"query": "Russia"} for n in range(51)}, 413),
        ("extend", "{}", 400),
        ("extend", {"ids": ["russia"], "properties": ["kel:isoAlpha2"]}, 400),
        ("extend", {"ids": ["> } #"], "properties": [{"id": "kel:isoAlpha2"}]}, 400),
        ("extend", {"ids": [str(n) for n in range(501)], "properties": [{"id": "kel:isoAlpha2"}]}, 413),
        ("other", "x", 400),
    ],
)
def test_what_cannot_be_answered_is_a_problem(server: str, field: str, value: Any, status: int) -> None:
    code, headers, body = request(server, **{field: value})
    assert (code, headers.get_content_type()) == (status, "application/problem+json"), body
    assert json.loads(body)["detail"]


@pytest.mark.parametrize(
    "bad",
    [
        "Russia",
        {},
        {"query": "\ud800"},
        {"query": 7},
        {"query": "Russia", "limit": 0},
        {"query": "Russia", "limit": "many"},
        {"query": "Russia", "limit": math.nan},
        {"query": "Russia", "type": "no IRI"},
        {"query": "Russia", "type": {"name": "State"}},
        {"query": "Russia", "type_strict": "perhaps"},
        {"query": "Russia", "properties": [{"v": 1}]},
        {"query": "Russia", "properties": [{"pid": "kel:isoAlpha2", "v": {}}]},
        {"query": "Russia", "properties": [{"pid": "> } #", "v": "x"}]},
        {"query": "Russia", "properties": [{"pid": "kel:isoAlpha2", "v": "x"}] * 11},
    ],
)
def test_a_malformed_query_fails_alone(server: str, bad: Any) -> None:
    found = call(server, queries={"before": {"query": "Russia"}, "bad": bad, "after": {"query": "Astana"}})
    assert found["bad"] == {"result": []}
    assert (ids(found["before"]["result"])[0], ids(found["after"]["result"])[0]) == ("russia", "astana")


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("U.S.", "usa"),
        ("U.S.A.", "usa"),
        ("u. s. a", "usa"),
        ("C.S.T.O.", "csto"),
        ("О.Д.К.Б.", "csto"),
        ("KAZ", "kazakhstan"),
        ("uz", "uzbekistan"),
        ("RU", "russia"),
        ("Q232", "kazakhstan"),
        ("wd:Q159", "russia"),
        ("https://www.wikidata.org/wiki/Q1520", "astana"),
    ],
)
def test_codes_identifiers_and_abbreviations_are_names_too(engine: Engine, name: str, thing: str) -> None:
    index = Index(read_texts(Reader(engine)))
    found = candidates(index, name)
    assert is_match(found)
    assert found[0].thing == str(ID) + thing
    assert search(index, name).hits[0].thing == str(ID) + thing
    assert str(ID) + thing in [c.thing for c in prefix_candidates(index, name)]


def test_a_code_is_equal_or_does_not_count() -> None:
    index = Index([Text(f"{ID}x", "code", "", "QQX", (STATE,)), Text(f"{ID}x", "name", "en", "Elsewhere", (STATE,))])
    assert [c.score for c in candidates(index, "qqx")] == [100.0]
    assert candidates(index, "QQY") == candidates(index, "QQ") == candidates(index, "!") == []
    assert [c.name for c in candidates(index, "x")] == ["Elsewhere"], "by its identifier"
    assert index.names(f"{ID}x") == [("Elsewhere", "en")]


@pytest.mark.parametrize("query", ["prefix=a&cursor=-1", "prefix=a&cursor=x", "prefix=" + "a" * 201])
def test_what_cannot_be_suggested_is_a_problem(server: str, query: str) -> None:
    for kind in ("entity", "type", "property"):
        assert send(f"{server}reconcile/suggest/{kind}?{query}")[0] == 400
