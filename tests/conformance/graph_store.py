"""The tests of the SPARQL 1.1 Graph Store HTTP Protocol, which the suite describes as a sequence of requests.

Each request of that sequence is a test here, with its own set-up. The suite assumes paths on the host
(``/person/1.ttl``); since servers choose their own, graphs are identified indirectly (``?graph=``, section 4.2).
https://www.w3.org/TR/sparql11-http-rdf-update/ is normative where it allows more statuses than the suite.
"""

from collections.abc import Callable
from urllib.parse import urlencode, urljoin

import pyoxigraph as ox

from tests.conformance.compare import same_graphs
from tests.conformance.evaluation import graph
from tests.conformance.target import Answer, Client, Failed, required

PERSON, OTHER = "http://example.org/person/1.ttl", "http://example.org/person/2.ttl"
TURTLE = "text/turtle"
PREFIXES = "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n@prefix v: <http://www.w3.org/2006/vcard/ns#> .\n"
ME = "<http://example.org/person/1>"
JOHN, JANE = (
    f'{PREFIXES}{ME} a foaf:Person; foaf:businessCard [ a v:VCard; v:fn "{n} Doe" ] .' for n in ("John", "Jane")
)
ALICE = f'{PREFIXES}[] a foaf:Person; foaf:businessCard [ a v:VCard; v:given-name "Alice" ] .'
NAME = f'{PREFIXES}{ME} foaf:name "Jane Doe" .'
FAMILY, GIVEN = f'{PREFIXES}{ME} foaf:familyName "Doe" .', f'{PREFIXES}{ME} foaf:givenName "Jane" .'
CREATED, CHANGED = {201}, {200, 201, 204}

Test = Callable[[Client], None]
TESTS: dict[str, Test] = {}


def _test(name: str) -> Callable[[Test], Test]:
    def keep(function: Test) -> Test:
        TESTS[name] = function
        return function

    return keep


def run(client: Client, name: str) -> None:
    """Runs the test of that name on an empty store."""
    if not client.target.graph_store_url:
        raise Failed("the server has no graph store protocol")
    client.clear()
    TESTS[name](client)


def _url(client: Client, name: str | None) -> str:
    return f"{client.target.graph_store_url}?" + (urlencode({"graph": name}) if name else "default")


def _write(client: Client, name: str | None, text: str, *, method: str = "PUT", media_type: str = TURTLE) -> Answer:
    headers = {"Content-Type": media_type}
    return client.send(_url(client, name), method=method, body=text.encode(), headers=headers)


def _read(client: Client, name: str | None, method: str = "GET") -> Answer:
    return client.send(_url(client, name), method=method, headers={"Accept": TURTLE})


def _status(answer: Answer, wanted: set[int]) -> None:
    if answer.status not in wanted:
        raise Failed(f"not {' or '.join(map(str, sorted(wanted)))}: {answer}")


def _holds(answer: Answer, *texts: str) -> None:
    """Checks that the response is, in Turtle, the merge of these documents."""
    found = graph(answer)
    wanted = [quad.triple for text in texts for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]
    one, other = ([ox.Quad(t.subject, t.predicate, t.object) for t in g] for g in (found, wanted))
    if answer.media_type != TURTLE or not same_graphs(one, other):
        raise Failed(f"not the graph that was written: {answer}")


@_test("PUT - Initial state")
def _put_new(client: Client) -> None:
    _status(_write(client, PERSON, JOHN), CREATED)


@_test("GET of PUT - Initial state")
def _get_new(client: Client) -> None:
    required(_write(client, PERSON, JOHN))
    _holds(_read(client, PERSON), JOHN)


@_test("PUT - graph already in store")
def _put_again(client: Client) -> None:
    required(_write(client, PERSON, JOHN))
    _status(_write(client, PERSON, JANE), {200, 204})


@_test("GET of PUT - graph already in store")
def _get_again(client: Client) -> None:
    required(_write(client, PERSON, JOHN))
    required(_write(client, PERSON, JANE))
    _holds(_read(client, PERSON), JANE)


@_test("PUT - default graph")
def _put_default(client: Client) -> None:
    _status(_write(client, None, ALICE), CHANGED)


@_test("GET of PUT - default graph")
def _get_default(client: Client) -> None:
    required(_write(client, None, ALICE))
    _holds(_read(client, None), ALICE)


@_test("PUT - mismatched payload")
def _put_mismatched(client: Client) -> None:
    _status(_write(client, PERSON, JANE, media_type="application/rdf+xml"), {400})


@_test("PUT - empty graph")
def _put_empty(client: Client) -> None:
    _status(_write(client, OTHER, ""), CHANGED)


@_test("GET of PUT - empty graph")
def _get_empty(client: Client) -> None:
    required(_write(client, OTHER, ""))
    _holds(_read(client, OTHER))


@_test("DELETE - existing graph")
def _delete(client: Client) -> None:
    required(_write(client, OTHER, JOHN))
    _status(client.send(_url(client, OTHER), method="DELETE"), {200, 202, 204})


@_test("GET of DELETE - existing graph")
def _get_deleted(client: Client) -> None:
    required(_write(client, OTHER, JOHN))
    required(client.send(_url(client, OTHER), method="DELETE"))
    _status(_read(client, OTHER), {404})


@_test("DELETE - non-existent graph")
def _delete_none(client: Client) -> None:
    _status(client.send(_url(client, OTHER), method="DELETE"), {404})


@_test("POST - existing graph")
def _post_existing(client: Client) -> None:
    required(_write(client, PERSON, JANE))
    _status(_write(client, PERSON, NAME, method="POST"), {200, 204})


@_test("GET of POST - existing graph")
def _get_posted(client: Client) -> None:
    required(_write(client, PERSON, JANE))
    required(_write(client, PERSON, NAME, method="POST"))
    _holds(_read(client, PERSON), JANE, NAME)


def _multipart(client: Client) -> Answer:
    parts = "".join(
        f'--AaB03x\r\nContent-Disposition: form-data; name="graphs"; filename="{file}"\r\n'
        f"Content-Type: text/turtle\r\n\r\n{text}\r\n"
        for file, text in (("lastName.ttl", FAMILY), ("firstName.ttl", GIVEN))
    )
    media_type = "multipart/form-data; boundary=AaB03x"
    return _write(client, PERSON, f"{parts}--AaB03x--\r\n", method="POST", media_type=media_type)


@_test("POST - multipart/form-data")
def _post_multipart(client: Client) -> None:
    required(_write(client, PERSON, JANE))
    _status(_multipart(client), {200, 204})


@_test("GET of POST - multipart/form-data")
def _get_multipart(client: Client) -> None:
    required(_write(client, PERSON, JANE))
    required(_multipart(client))
    _holds(_read(client, PERSON), JANE, FAMILY, GIVEN)


def _create(client: Client) -> tuple[Answer, str]:
    """Creates a graph that the store names; returns the response and the graph's URL."""
    url, headers = client.target.graph_store_url or "", {"Content-Type": TURTLE}
    answer = client.send(url, method="POST", body=ALICE.encode(), headers=headers)
    _status(answer, CREATED)
    if not answer.headers["Location"]:
        raise Failed("201 without the Location of the new graph")
    return answer, urljoin(url, answer.headers["Location"])


@_test("POST - create new graph")
def _post_new(client: Client) -> None:
    _create(client)


@_test("GET of POST - create new graph")
def _get_posted_new(client: Client) -> None:
    _, location = _create(client)
    _holds(client.send(location, headers={"Accept": TURTLE}), ALICE)


@_test("POST - empty graph to existing graph")
def _post_nothing(client: Client) -> None:
    _, location = _create(client)
    _status(client.send(location, method="POST", body=b"", headers={"Content-Type": TURTLE}), {200, 204})


@_test("GET of POST - after noop")
def _get_after_nothing(client: Client) -> None:
    _, location = _create(client)
    required(client.send(location, method="POST", body=b"", headers={"Content-Type": TURTLE}))
    _holds(client.send(location, headers={"Accept": TURTLE}), ALICE)


@_test("HEAD on an existing graph")
def _head(client: Client) -> None:
    required(_write(client, PERSON, JANE))
    answer = _read(client, PERSON, "HEAD")
    _status(answer, {200})
    if answer.media_type != TURTLE or answer.body:
        raise Failed(f"content type {answer.media_type} and {len(answer.body)} bytes of body")


@_test("HEAD on a non-existing graph")
def _head_none(client: Client) -> None:
    _status(_read(client, OTHER, "HEAD"), {404})
