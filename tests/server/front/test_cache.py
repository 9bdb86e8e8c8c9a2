"""Which requests share an answer in the cache: those that agree in all that it was made from."""

from urllib.parse import quote, urlencode

from flask import Flask, request
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from ontology import INFERRED_GRAPH
from server.front.cache import ResponseCache
from server.front.gateway import run
from server.front.problems import Answer
from server.http.parameters import Request
from tests.conftest import Serving, serving
from tests.http import send

NAMES = ("a", "b", "c")
VALUES = ("", "1", "2")
PARAMETERS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=4)


def asked(address: str, target: str) -> tuple[bytes, bool]:
    """A page, and whether it came from the cache."""

    def hits() -> float:
        lines = send(f"{address}metrics")[2].decode().splitlines()
        return next(float(n.split()[-1]) for n in lines if n.startswith('kelisim_cache_requests_total{outcome="hit"}'))

    before = hits()
    status, _, body = send(f"{address}{target}", headers={"Accept": "text/html"})
    assert status == 200
    return body, hits() > before


def test_parameters_of_campaigns_do_not_miss_the_cache(kelisim: str) -> None:
    with serving(kelisim) as running:
        check_pages(running)


def test_queries_with_other_parameters_have_answers_of_their_own(kelisim: str) -> None:
    with serving(kelisim) as running:
        assert send(f"{running.address}sparql", headers={"Accept": "text/turtle"})[0] == 200  # reads but few parameters
        graph, query = f"default-graph-uri={quote(INFERRED_GRAPH)}", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        asked = f"query={quote(query)}"
        accept = {"Accept": "text/csv"}
        posted = accept | {"Content-Type": "application/sparql-query"}
        for _ in range(2):
            found = [send(f"{running.address}sparql?{p}", headers=accept)[2] for p in (asked, f"{asked}&{graph}")]
            addresses = [f"{running.address}sparql{p}" for p in ("", f"?{graph}")]
            found += [send(a, method="POST", body=query.encode(), headers=posted)[2] for a in addresses]
            assert found == found[:2] * 2
            assert found[0] != found[1]


def check_pages(running: Serving) -> None:
    pages = (
        "trade",
        "trade?party=kazakhstan",
        "page/kazakhstan",
        "documents",
        "",
        "search?q=gas",
        "leaders?sort=-name",
    )
    for page in pages:
        joint = "&" if "?" in page else "?"
        plain, _ = asked(running.address, page)
        for more in ("utm_source=news&utm_medium=mail", "fbclid=%D0%90%26x"):
            body, hit = asked(running.address, f"{page}{joint}{more}")
            assert hit, page
            assert body == plain
            assert more.encode() not in body
    russian, hit = asked(running.address, "trade?utm_source=news&lang=ru")
    assert not hit, "the language is read of the address"
    assert russian != asked(running.address, "trade")[0]
    narrowed, _ = asked(running.address, "trade?utm_source=news&party=kazakhstan")
    assert narrowed == asked(running.address, "trade?party=kazakhstan")[0] != asked(running.address, "trade")[0]


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=4), max_size=25), st.data()
)
@settings(max_examples=200)
def test_no_answer_is_given_to_a_request_that_would_get_another(
    requests: list[list[tuple[str, str]]], data: st.DataObject
) -> None:
    """An application that reads by chance: which parameter next depends on the values so far."""
    ways = {
        (name, values): data.draw(st.sampled_from((*NAMES, "", "all")))
        for name in ("", *NAMES)
        for values in ((), *((v,) for v in VALUES), ("more",))
    }
    app = Flask("reader")
    app.request_class = Request

    @app.get("/")
    def read() -> str:
        seen = list[tuple[str, tuple[str, ...]]]()
        state = "", tuple[str, ...]()
        while (name := ways[state]) and len(seen) < 5:
            if name == "all":
                return repr((seen, [*request.args.items(multi=True)]))
            values = tuple(request.args.getlist(name))
            seen.append((name, values))
            state = name, values if len(values) < 2 else ("more",)
        return repr(seen)

    cache = ResponseCache(lambda: "1")
    for parameters in requests:
        environ = EnvironBuilder(path="/", query_string=urlencode(parameters)).get_environ()
        right = app.test_client().get("/?" + urlencode(parameters)).data
        key = cache.key(environ)
        assert key
        found = cache.find(key, environ)
        if found is None:
            made = run(app.wsgi_app, environ)
            cache.put(key, environ, Answer(200, [("Cache-Control", "public"), ("ETag", '"x"')], made.body))
            found = made
        assert found.body == right
