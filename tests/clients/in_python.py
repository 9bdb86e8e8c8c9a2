"""Clients that are Python packages."""

import csv
import importlib
import io
import urllib.error
import urllib.parse
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any, ClassVar

import rdflib
import requests
import SPARQLWrapper as Wrapper
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore

from tests.clients.script import ASK, CONSTRUCT, NAMES, SELECT, TEXT, Access, Client, Missing, equal, objects

USER = "me"
"""The user name of HTTP Basic; the server looks at the password only, which is the token."""
TIMEOUT = 60


class WithSPARQLWrapper(Client):
    """SPARQLWrapper, with the token as the password of HTTP Basic; and all formats that it knows."""

    name: ClassVar[str] = "SPARQLWrapper, Basic"

    def version(self) -> str:
        return version("SPARQLWrapper")

    def request(self, query: str, form: str | None = None) -> Any:
        client = Wrapper.SPARQLWrapper(self.access.endpoint)
        client.setTimeout(TIMEOUT)
        if form:
            client.setReturnFormat(form)
        client.setQuery(query)
        return client

    def authorize(self, client: Any) -> None:
        client.setHTTPAuth(Wrapper.BASIC)
        client.setCredentials(USER, self.access.token)

    def ask(self, query: str) -> bool:
        return bool(self.request(query, Wrapper.JSON).queryAndConvert()["boolean"])

    def select(self, query: str) -> list[str]:
        answer = self.request(query, Wrapper.JSON).queryAndConvert()
        (column,) = answer["head"]["vars"]
        return [row[column]["value"] for row in answer["results"]["bindings"]]

    def construct(self, query: str) -> list[str]:
        return sorted(str(o) for o in _triples(self.request(query).queryAndConvert()).objects())

    def update(self, update: str) -> None:
        client = self.request(update)
        self.authorize(client)
        client.setMethod(Wrapper.POST)
        client.query()

    def more(self, graph: str) -> Iterator[tuple[str, Callable[[], None]]]:
        def rows(form: str, read: Callable[[Any], list[str]]) -> Callable[[], None]:
            return lambda: equal(read(self.request(SELECT, form).queryAndConvert()), NAMES)

        def triples(form: str) -> Callable[[], None]:
            def does() -> None:
                answer = self.request(CONSTRUCT, form).queryAndConvert()
                text = answer if isinstance(answer, bytes) else None
                graph = rdflib.Graph().parse(data=text, format="turtle") if text is not None else _triples(answer)
                equal(sorted(str(o) for o in graph.objects()), NAMES)

            return does

        yield "SELECT without a format", rows("", lambda dom: _texts(dom.getElementsByTagName("literal")))
        yield "SELECT as XML", rows(Wrapper.XML, lambda dom: _texts(dom.getElementsByTagName("literal")))
        yield "SELECT as CSV", rows(Wrapper.CSV, lambda text: _column(text.decode(), ","))
        yield "SELECT as TSV", rows(Wrapper.TSV, lambda text: [n[1:].split('"')[0] for n in _column(text.decode(), "")])
        yield (
            "ASK without a format",
            lambda: equal(_texts(self.request(ASK).queryAndConvert().getElementsByTagName("boolean")), ["true"]),
        )
        for form in (Wrapper.XML, Wrapper.RDFXML, Wrapper.RDF, Wrapper.TURTLE, Wrapper.N3, Wrapper.JSONLD):
            yield f"CONSTRUCT as {form}", triples(form)


class WithSPARQLWrapperBearer(WithSPARQLWrapper):
    """The same, with the token in a header of its own."""

    name = "SPARQLWrapper, Bearer"

    def authorize(self, client: Any) -> None:
        client.addCustomHttpHeader("Authorization", f"Bearer {self.access.token}")

    def more(self, graph: str) -> Iterator[tuple[str, Callable[[], None]]]:
        yield from ()


class WithRdflib(Client):
    """rdflib's SPARQLStore for queries and SPARQLUpdateStore for updates."""

    name = "rdflib"
    told = "no text"  # SPARQLConnector raises an error of its own words, and drops the answer

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self.reading = rdflib.Graph(SPARQLStore(access.endpoint))
        self.store = SPARQLUpdateStore(access.endpoint, access.endpoint, auth=(USER, access.token))

    def version(self) -> str:
        return version("rdflib")

    def ask(self, query: str) -> bool:
        return bool(self.reading.query(query).askAnswer)

    def select(self, query: str) -> list[str]:
        return [str(row[0]) for row in self.reading.query(query)]  # type: ignore[index]

    def construct(self, query: str) -> list[str]:
        return sorted(str(o) for _, _, o in self.reading.query(query))  # type: ignore[misc]

    def update(self, update: str) -> None:
        self.store.update(update)

    def more(self, graph: str) -> Iterator[tuple[str, Callable[[], None]]]:
        named = rdflib.Graph(self.store, identifier=rdflib.URIRef(graph))
        triple = (rdflib.URIRef("urn:x-clients:a"), rdflib.URIRef("urn:x-clients:p"), rdflib.Literal(TEXT, lang="kk"))

        def remove() -> None:
            named.remove((None, None, None))
            equal(len(named), 0)

        yield "Graph.add to a new graph", lambda: equal(named.add(triple) is named, True)
        yield "the graph's triples", lambda: equal(list(named), [triple])
        yield "triple in graph", lambda: equal(triple in named, True)
        yield "len of the graph", lambda: equal(len(named), 1)
        yield "the graph among contexts", lambda: equal(graph in {str(c) for c in self.store.contexts()}, True)
        yield "Graph.remove", remove


class WithRdflibPost(WithRdflib):
    """The same with queries sent by direct POST."""

    name = "rdflib, POST"

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self.reading = rdflib.Graph(SPARQLStore(access.endpoint, method="POST"))
        self.store = SPARQLUpdateStore(access.endpoint, access.endpoint, method="POST", auth=(USER, access.token))


class WithPandas(Client):
    """pandas.read_csv of the address of a query."""

    name = "pandas"

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        try:
            self.pandas = importlib.import_module("pandas")
        except ImportError as error:
            raise Missing("pip does not find it") from error

    def version(self) -> str:
        return str(self.pandas.__version__)

    def select(self, query: str) -> list[str]:
        try:
            read = self.pandas.read_csv(_address(self.access, query, format="csv"))
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{error}: {error.read().decode()}") from error
        return [str(value) for value in read.iloc[:, 0]]


class WithRequests(Client):
    """requests, whose ``.text`` is decoded as the answer's Content-Type says."""

    name = "requests"

    def version(self) -> str:
        return version("requests")

    def get(self, query: str, **more: str) -> requests.Response:
        return _checked(requests.get(_address(self.access, query, **more), timeout=TIMEOUT))

    def ask(self, query: str) -> bool:
        return bool(self.get(query).json()["boolean"])

    def select(self, query: str) -> list[str]:
        return _column(self.get(query, format="csv").text, ",")

    def construct(self, query: str) -> list[str]:
        answer = self.get(query)
        return objects(answer.text, answer.headers["Content-Type"])

    def update(self, update: str) -> None:
        _checked(
            requests.post(
                self.access.endpoint, data={"update": update}, auth=(USER, self.access.token), timeout=TIMEOUT
            )
        )

    def more(self, graph: str) -> Iterator[tuple[str, Callable[[], None]]]:
        for form in ("csv", "tsv", "xml", "json"):
            yield (
                f".text of {form}",
                lambda form=form: equal(  # type: ignore[misc]
                    [name in self.get(SELECT, format=form).text for name in NAMES], [True, True]
                ),
            )
        for form in ("turtle", "ntriples", "rdfxml", "jsonld"):
            yield f".text of {form}", lambda form=form: self.has_names(form)  # type: ignore[misc]

    def has_names(self, form: str) -> None:
        answer = self.get(CONSTRUCT, format=form)
        equal(objects(answer.text, answer.headers["Content-Type"]), NAMES)


ALL: list[type[Client]] = [
    WithSPARQLWrapper,
    WithSPARQLWrapperBearer,
    WithRdflib,
    WithRdflibPost,
    WithPandas,
    WithRequests,
]


def _address(access: Access, query: str, **more: str) -> str:
    return f"{access.endpoint}?{urllib.parse.urlencode({'query': query, **more})}"


def _checked(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        raise RuntimeError(f"{answer.status_code} {answer.text}")
    return answer


def _column(text: str, delimiter: str) -> list[str]:
    lines = csv.reader(io.StringIO(text), delimiter=delimiter) if delimiter else ([li] for li in text.splitlines())
    return [row[0] for row in lines][1:]


def _texts(elements: Any) -> list[str]:
    return ["".join(node.data for node in element.childNodes) for element in elements]


def _triples(answer: Any) -> rdflib.Graph:
    """What SPARQLWrapper makes of RDF: an rdflib graph, or a failure."""
    if not isinstance(answer, rdflib.Graph):
        raise TypeError(f"SPARQLWrapper made {type(answer).__name__} of the answer, and no graph: {answer!r}"[:500])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rdflib.Graph() + answer
