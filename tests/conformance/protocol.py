"""The tests of the SPARQL 1.1 Protocol, which the suite only names: the tests here have the same names.

Their requests follow W3C's description of them; https://www.w3.org/TR/sparql11-protocol/ is normative.
"""

from collections.abc import Callable
from urllib.parse import quote, urlencode

import pyoxigraph as ox

from tests.conformance.target import Answer, Client, Failed, rows

DATA = [f"http://kasei.us/2009/09/sparql/data/data{n}.rdf" for n in range(4)]
FORM = "application/x-www-form-urlencoded"
QUERY, UPDATE = "application/sparql-query", "application/sparql-update"
BOOLEAN = {"application/sparql-results+xml": ox.QueryResultsFormat.XML} | dict.fromkeys(
    ("application/sparql-results+json", "application/json"), ox.QueryResultsFormat.JSON
)
TABULAR = {*BOOLEAN, "text/csv", "text/tab-separated-values"}
RDF_TYPES = {"application/rdf+xml", "text/turtle", "application/n-triples", "application/ld+json", "text/html"}
RDF_TYPES |= {"application/trig", "application/n-quads", "application/xhtml+xml", "application/rdf+json"}
DOCUMENT, RESOURCE = "http://xmlns.com/foaf/0.1/Document", "http://purl.org/dc/terms/BibliographicResource"
TARGET_GRAPH = "http://example.org/protocol-update-test/"

Params = list[tuple[str, str]]
TESTS: dict[str, Callable[[Client], None]] = {}


def _test(function: Callable[[Client], None]) -> Callable[[Client], None]:
    TESTS[function.__name__.removeprefix("_")] = function
    return function


def run(client: Client, name: str) -> None:
    """Runs the test of that name on data0 to data3, each a graph with one triple that types it as a document."""
    a, document = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), ox.NamedNode(DOCUMENT)
    client.load([(iri, [ox.Triple(ox.NamedNode(iri), a, document)]) for iri in DATA])
    TESTS[name](client)


def _post(client: Client, text: str, media_type: str | None, params: Params = [], to: str = "") -> Answer:  # noqa: B006
    update = media_type == UPDATE or to == "update"
    url = client.target.update_url if update else client.target.query_url
    if update:
        client.changed()
    url += "?" + urlencode(params) if params else ""
    return client.send(
        url, method="POST", body=text.encode(), headers={"Content-Type": media_type} if media_type else {}
    )


def _get(client: Client, params: Params) -> Answer:
    return client.send(f"{client.target.query_url}?{urlencode(params)}")


def _true(answer: Answer, wanted: bool = True) -> None:
    _typed(answer, set(BOOLEAN))
    try:
        result = ox.parse_query_results(input=answer.body, format=BOOLEAN[answer.media_type])
    except (SyntaxError, ValueError) as error:
        raise Failed(f"the results are malformed: {error}") from error
    if not isinstance(result, ox.QueryBoolean) or bool(result) is not wanted:
        raise Failed(f"the answer is not {wanted}: {answer}")


def _done(answer: Answer) -> None:
    if not 200 <= answer.status < 400:
        raise Failed(str(answer))


def _typed(answer: Answer, media_types: set[str]) -> None:
    _done(answer)
    if answer.media_type not in media_types:
        raise Failed(f"the content type is {answer.media_type}")


def _refused(answer: Answer) -> None:
    if not 400 <= answer.status < 500:
        raise Failed(f"not refused with 4xx: {answer}")


def _default(*numbers: int) -> Params:
    return [("default-graph-uri", DATA[n]) for n in numbers]


def _named(*numbers: int) -> Params:
    return [("named-graph-uri", DATA[n]) for n in numbers]


def _holds(*numbers: int) -> str:
    return " ".join(f"<{DATA[n]}> a ?type{n} ." for n in numbers)


IN_DEFAULT = f"ASK {{ {_holds(1, 2)} FILTER NOT EXISTS {{ {_holds(3)} }} }}"
IN_NAMED = f"ASK {{ GRAPH ?g1 {{ {_holds(1)} }} GRAPH ?g2 {{ {_holds(2)} }} "
IN_NAMED += f"FILTER NOT EXISTS {{ GRAPH ?g3 {{ {_holds(3)} }} }} }}"
IN_BOTH = f"ASK {{ {_holds(3)} GRAPH ?g1 {{ {_holds(1)} }} GRAPH ?g2 {{ {_holds(2)} }} }}"


@_test
def _query_multiple_dataset(client: Client) -> None:
    """The dataset of the protocol overrides that of the query."""
    _true(_post(client, f"ASK FROM <{DATA[1]}> {{ {_holds(2)} }}", QUERY, _default(2)))
    _true(_post(client, f"ASK FROM <{DATA[1]}> {{ {_holds(1)} }}", QUERY, _default(2)), wanted=False)


def _update_dataset(client: Client, params: Params, where: str, made: str, absent: str) -> None:
    """Clears, inserts data1 to data3, copies the triples in the dataset of the protocol, and checks the copy."""
    data = "\n".join(f"GRAPH <{iri}> {{ <{iri}> a <{DOCUMENT}> }}" for iri in DATA[1:])
    insert = f"INSERT {{ GRAPH <{TARGET_GRAPH}> {{ ?s <urn:in> ?in }} }} WHERE {{ {where} }}"
    _done(_post(client, f"DROP ALL ;\nINSERT DATA {{ {data} }} ;\n{insert}", UPDATE, params))
    inside = f"GRAPH <{TARGET_GRAPH}>"
    _true(_post(client, f"ASK {{ {inside} {{ {made} }} FILTER NOT EXISTS {{ {inside} {{ {absent} }} }} }}", QUERY))


def _using(*numbers: int) -> Params:
    return [("using-graph-uri", DATA[n]) for n in numbers]


def _using_named(*numbers: int) -> Params:
    return [("using-named-graph-uri", DATA[n]) for n in numbers]


@_test
def _update_dataset_default_graph(client: Client) -> None:
    where, made = f'?s a <{DOCUMENT}> BIND("default" AS ?in)', f'<{DATA[1]}> <urn:in> "default"'
    _update_dataset(client, _using(1), where, made, f"<{DATA[2]}> ?p ?o")


@_test
def _update_dataset_default_graphs(client: Client) -> None:
    where = f'?s a <{DOCUMENT}> BIND("default" AS ?in)'
    made = f'<{DATA[1]}> <urn:in> "default" . <{DATA[2]}> <urn:in> "default"'
    _update_dataset(client, _using(1, 2), where, made, f"<{DATA[3]}> ?p ?o")


@_test
def _update_dataset_named_graphs(client: Client) -> None:
    where = f"GRAPH ?in {{ ?s a <{DOCUMENT}> }}"
    made = f"<{DATA[1]}> <urn:in> <{DATA[1]}> . <{DATA[2]}> <urn:in> <{DATA[2]}>"
    _update_dataset(client, _using_named(1, 2), where, made, f"<{DATA[3]}> ?p ?o")


@_test
def _update_dataset_full(client: Client) -> None:
    where = f'{{ GRAPH ?in {{ ?s a <{DOCUMENT}> }} }} UNION {{ ?s a <{DOCUMENT}> BIND("default" AS ?in) }}'
    made = f'<{DATA[1]}> <urn:in> "default" . <{DATA[2]}> <urn:in> <{DATA[2]}>'
    _update_dataset(client, [*_using(1), *_using_named(2)], where, made, f"<{DATA[3]}> ?p ?o")


@_test
def _update_base_uri(client: Client) -> None:
    """A relative IRI is resolved against the service's base IRI."""
    about = "<http://example.org/s> <http://example.org/p>"
    _done(_post(client, f"DROP ALL ; INSERT DATA {{ GRAPH <{TARGET_GRAPH}> {{ {about} <test> }} }}", UPDATE))
    found = rows(client.query(f"SELECT ?o {{ GRAPH <{TARGET_GRAPH}> {{ {about} ?o }} }}", named=[TARGET_GRAPH]))
    terms = [row["o"] for row in found]
    if len(terms) != 1 or not isinstance(terms[0], ox.NamedNode) or ":" not in terms[0].value:
        raise Failed(f"<test> became {[str(term) for term in terms]}")


@_test
def _bad_query_method(client: Client) -> None:
    params = urlencode([("query", "ASK {}"), *_default(0)])
    _refused(client.send(f"{client.target.query_url}?{params}", method="PUT", body=b"", headers={"Content-Type": FORM}))


def _utf16(client: Client, url: str, text: str, media_type: str) -> Answer:
    headers = {"Content-Type": f"{media_type}; charset=UTF-16"}
    return client.send(url, method="POST", body=text.encode("utf-16"), headers=headers)


@_test
def _bad_update_get(client: Client) -> None:
    client.changed()
    _refused(client.send(f"{client.target.update_url}?{urlencode({'update': 'CLEAR ALL'})}"))


@_test
def _bad_update_non_utf8(client: Client) -> None:
    client.changed()
    _refused(_utf16(client, client.target.update_url, "CLEAR NAMED", UPDATE))


@_test
def _bad_update_dataset_conflict(client: Client) -> None:
    """The dataset may be specified by the protocol or by USING, USING NAMED or WITH, not by both."""
    for clause in (f"USING <{DATA[1]}>", f"USING NAMED <{DATA[1]}>"):
        text = f"INSERT {{ GRAPH <{TARGET_GRAPH}> {{ ?s a <{RESOURCE}> }} }} {clause} WHERE {{ ?s a <{DOCUMENT}> }}"
        for params in (_using(2), _using_named(2)):
            _refused(_post(client, text, UPDATE, params))
    text = f"WITH <{TARGET_GRAPH}> INSERT {{ ?s a <{RESOURCE}> }} WHERE {{ ?s a <{DOCUMENT}> }}"
    _refused(_post(client, text, UPDATE, _using_named(2)))


TESTS |= {
    "query_post_form": lambda client: _true(_post(client, "query=" + quote("ASK {}"), FORM, _default(0))),
    "query_dataset_default_graphs_get": lambda client: _true(_get(client, [("query", IN_DEFAULT), *_default(1, 2)])),
    "query_dataset_default_graphs_post": lambda client: _true(_post(client, IN_DEFAULT, QUERY, _default(1, 2))),
    "query_dataset_named_graphs_post": lambda client: _true(_post(client, IN_NAMED, QUERY, _named(1, 2))),
    "query_dataset_named_graphs_get": lambda client: _true(_get(client, [("query", IN_NAMED), *_named(1, 2)])),
    "query_dataset_full": lambda client: _true(_post(client, IN_BOTH, QUERY, [*_default(3), *_named(1, 2)])),
    "query_get": lambda client: _true(_get(client, [("query", "ASK {}"), *_default(0)])),
    "query_post_direct": lambda client: _true(_post(client, "ASK {}", QUERY)),
    "query_content_type_select": lambda client: _typed(
        _post(client, "SELECT (1 AS ?value) {}", QUERY, _default(0)), TABULAR
    ),
    "query_content_type_ask": lambda client: _typed(_post(client, "ASK {}", QUERY, _default(0)), set(BOOLEAN)),
    "query_content_type_describe": lambda client: _typed(
        _post(client, "DESCRIBE <http://example.org/>", QUERY, _default(0)), RDF_TYPES
    ),
    "query_content_type_construct": lambda client: _typed(
        _post(client, "CONSTRUCT { <s> <p> 1 } WHERE {}", QUERY, _default(0)), RDF_TYPES
    ),
    "update_post_form": lambda client: _done(_post(client, "update=CLEAR+ALL", FORM, to="update")),
    "update_post_direct": lambda client: _done(_post(client, "CLEAR ALL", UPDATE)),
    "bad_multiple_queries": lambda client: _refused(_get(client, [("query", "ASK {}"), ("query", "SELECT * {}")])),
    "bad_query_wrong_media_type": lambda client: _refused(_post(client, "ASK {}", "text/plain")),
    "bad_query_missing_form_type": lambda client: _refused(_post(client, "query=" + quote("ASK {}"), None)),
    "bad_query_missing_direct_type": lambda client: _refused(_post(client, "ASK {}", None)),
    "bad_query_non_utf8": lambda client: _refused(_utf16(client, client.target.query_url, "ASK {}", QUERY)),
    "bad_query_syntax": lambda client: _refused(_get(client, [("query", "ASK {")])),
    "bad_multiple_updates": lambda client: _refused(
        _post(client, "update=CLEAR%20NAMED&update=CLEAR%20DEFAULT", FORM, to="update")
    ),
    "bad_update_wrong_media_type": lambda client: _refused(_post(client, "CLEAR NAMED", "text/plain", to="update")),
    "bad_update_missing_form_type": lambda client: _refused(_post(client, "update=CLEAR%20NAMED", None, to="update")),
    "bad_update_syntax": lambda client: _refused(_post(client, "update=CLEAR%20XYZ", FORM, to="update")),
}
