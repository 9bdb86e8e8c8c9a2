"""The description of the dataset in DCAT-AP 3.0 and VoID: content, statistics, services and distributions.

What it says of the data is their `About`; what it says of every server is in ``catalogue.ttl``, what explains the
project's own data in ``explanations.ttl``, and the names of codes in ``authorities.ttl``. Publisher, licence, contact
and dates of the catalogue, its services and its files are those of the dataset.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Final
from urllib.parse import quote, urlsplit

import pyoxigraph as ox

from kg.publishing.about import CONTACT, DCAT, DCTERMS, FOAF, LICENSE, MODIFIED, PUBLISHER, TITLE, About
from kg.publishing.authorities import explained
from kg.publishing.descriptions import Description
from kg.publishing.distributions import FORMATS, distributions
from kg.publishing.examples import QUESTION
from kg.publishing.files import PublishedFile
from kg.publishing.questions import read_questions
from kg.publishing.schemas import MEDIA_TYPES as SCHEMAS
from kg.publishing.triples import triple
from kg.store.reader import Reader
from ontology import PREFIXES, KelisimError
from ontology.namespaces import KEL, RDF_TYPE, shorten

_VOID: Final = PREFIXES["void"]
_DESCRIPTION: Final = DCTERMS + "description"
_TEMPORAL: Final = DCTERMS + "temporal"
_RIGHTS: Final = DCTERMS + "accessRights"
_SERVICES: Final = {"service": "sparql", "catalogue#search": "search", "catalogue#reconciliation": "reconcile"}
"""The paths of the services by the names that ``catalogue.ttl`` gives them."""

_EXPLANATIONS: Final = ("catalogue#ontology", "catalogue#shapes", "catalogue#context")
"""The datasets in ``explanations.ttl``."""

_OF_CATALOGUE: Final = (PUBLISHER, LICENSE, DCTERMS + "issued", MODIFIED, DCTERMS + "spatial")
_OF_SERVICE: Final = (PUBLISHER, LICENSE, _RIGHTS, CONTACT, DCAT + "theme")
_OF_EXPLANATION: Final = (PUBLISHER, _RIGHTS, CONTACT)
_OF_DISTRIBUTION: Final = (LICENSE, MODIFIED)
"""What each has of the dataset."""

_NOT_DESCRIBED: Final = {
    "en": "What the operator of this server has loaded into it, and has not described.",
    "ru": "То, что оператор этого сервера в него загрузил и не описал.",
    "kk": "Осы сервердің операторы оған жүктеген және сипаттамаған деректер.",
}
_OPERATOR: Final = {"en": "The operator of {}", "ru": "Оператор сервера {}", "kk": "{} серверінің операторы"}
_MAX_ROWS: Final = 1_000


@dataclass(frozen=True)
class Counts:
    """The number of triples in the default graph, of things by class, and the first and last day that facts are about,
    in one version of the store.

    0 and empty if not known.
    """

    version: str
    triples: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    days: tuple[ox.Literal, ...] = ()


def count(reader: Reader, version: str) -> Counts:
    """Counts the triples and things of the store, which takes time in a large one; empty if it exceeds the limits."""
    try:
        (total,) = reader.rows("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
        rows = reader.rows(
            f"SELECT ?class (COUNT(*) AS ?n) WHERE {{ ?s a ?class }} GROUP BY ?class ORDER BY ?class LIMIT {_MAX_ROWS}"
        )
        (days,) = reader.rows(
            f"SELECT (MIN(?from) AS ?first) (MAX(?to) AS ?last) "
            f"WHERE {{ ?s <{KEL.earliest}> ?from ; <{KEL.latest}> ?to }}"
        )
    except KelisimError:
        return Counts(version)
    named = {str(r["class"].value): int(str(r["n"].value)) for r in rows if isinstance(r.get("class"), ox.NamedNode)}
    period = [day for name in ("first", "last") if isinstance(day := days.get(name), ox.Literal) and _is_date(day)]
    return Counts(version, int(str(total["n"].value)), named, tuple(period))


def catalogue(
    reader: Reader, about: About, host: str, counts: Counts, files: Mapping[str, PublishedFile | None]
) -> Description:
    """The catalogue of the server at the URL `host`, which ends in a slash.

    files: what is offered for download, by name; None for those that are not made yet, whose size is not known.
    """
    base, dataset = about.base(host), about.iri(host)
    stated = {*about.with_agents_named().described_at(host)}
    triples = {
        *stated,
        *_catalogue(base, dataset, host),
        *_dataset(base, dataset, host, counts),
        *distributions(dataset, host, files),
    }
    of_dataset = [t for t in stated if t.subject == ox.NamedNode(dataset)]
    has = {t.predicate.value for t in of_dataset}
    if TITLE not in has:
        triples.add(triple(dataset, TITLE, ox.Literal(about.fallback)))
    if _DESCRIPTION not in has:
        triples |= {*_texts(dataset, _DESCRIPTION, _NOT_DESCRIBED)}
    if PUBLISHER not in has:  # of the catalogue it is mandatory
        triples |= {*_operator(base + "catalogue", host)}
    if _TEMPORAL not in has:
        triples |= {*_period(base, dataset, counts)}
    heirs = {
        base + "catalogue": _OF_CATALOGUE,
        **{base + name: _OF_SERVICE for name in _SERVICES},
        **{f"{host}data/{name}": _OF_DISTRIBUTION for name in files if name not in SCHEMAS},
    }
    if about.ours:
        triples |= {triple(dataset, _VOID + "rootResource", root) for root in _roots(reader)}
        triples |= {*_parsed("explanations.ttl", host)}
        triples |= {triple(base + "catalogue", DCAT + "dataset", base + name) for name in _EXPLANATIONS}
        heirs |= {base + name: _OF_EXPLANATION for name in _EXPLANATIONS}
    triples |= {*_inherited(of_dataset, heirs)}
    triples = explained(triples)
    return Description(dataset, tuple(ox.Quad(t.subject, t.predicate, t.object) for t in sorted(triples, key=str)))


def _parsed(name: str, base: str) -> Iterator[ox.Triple]:
    """A file of this package, with its relative IRIs resolved."""
    text = resources.files("kg.publishing").joinpath(name).read_bytes()
    return (quad.triple for quad in ox.parse(input=text, format=ox.RdfFormat.TURTLE, base_iri=base))


def _catalogue(base: str, dataset: str, host: str) -> Iterator[ox.Triple]:
    """The catalogue itself, and its services."""
    name = base + "catalogue"
    yield from _parsed("catalogue.ttl", base)
    yield triple(name, DCAT + "dataset", dataset)
    yield triple(name, FOAF + "primaryTopic", dataset)
    yield triple(name, FOAF + "homepage", host)
    for service, path in _SERVICES.items():
        yield triple(name, DCAT + "service", base + service)
        yield triple(base + service, DCAT + "endpointURL", host + path)
        yield triple(base + service, DCAT + "endpointDescription", host + "openapi.json")
        yield triple(base + service, DCAT + "servesDataset", dataset)


def _operator(name: str, host: str) -> Iterator[ox.Triple]:
    """Who publishes the catalogue of data whose publisher is not known."""
    operator, server = host + "#operator", urlsplit(host).netloc
    yield triple(name, PUBLISHER, operator)
    yield from _texts(operator, FOAF + "name", {code: words.format(server) for code, words in _OPERATOR.items()})


def _dataset(base: str, dataset: str, host: str, counts: Counts) -> Iterator[ox.Triple]:
    yield triple(dataset, RDF_TYPE, DCAT + "Dataset")
    yield triple(dataset, RDF_TYPE, _VOID + "Dataset")
    yield triple(dataset, DCAT + "version", ox.Literal(counts.version))
    yield triple(dataset, DCAT + "landingPage", host)
    yield triple(dataset, _VOID + "sparqlEndpoint", host + "sparql")
    yield triple(dataset, _VOID + "openSearchDescription", host + "opensearch.xml")
    for extension, form in FORMATS.items():
        if form.w3c:
            yield triple(dataset, _VOID + "feature", form.w3c)
            yield triple(dataset, _VOID + "dataDump", f"{host}data/dump.{extension}")
    if counts.triples:
        yield triple(dataset, _VOID + "triples", ox.Literal(counts.triples))
    for name, number in counts.classes.items():
        part = f"{base}catalogue#{quote(shorten(name), safe=':')}"
        yield triple(dataset, _VOID + "classPartition", part)
        yield triple(part, _VOID + "class", name)
        yield triple(part, _VOID + "entities", ox.Literal(number))


def _period(base: str, dataset: str, counts: Counts) -> Iterator[ox.Triple]:
    """The time that the facts are about."""
    if len(counts.days) == 2:
        yield triple(dataset, _TEMPORAL, base + "catalogue#period")
        for name, day in zip(("startDate", "endDate"), counts.days, strict=True):
            yield triple(base + "catalogue#period", DCAT + name, day)


def _roots(reader: Reader) -> list[str]:
    """Where to begin reading: the questions, the articles and the lists of codes."""
    listed = reader.rows(
        f"SELECT DISTINCT ?root WHERE {{ {{ ?root a <{KEL.Article}> }} "
        f"UNION {{ ?root a <{PREFIXES['skos']}ConceptScheme> }} }} LIMIT {_MAX_ROWS}"
    )
    roots = [QUESTION + question.name for question in read_questions()]
    return roots + [str(row["root"].value) for row in listed if isinstance(row["root"], ox.NamedNode)]


def _inherited(about: Iterable[ox.Triple], heirs: Mapping[str, tuple[str, ...]]) -> Iterator[ox.Triple]:
    """What things have of what is said of the dataset, by their IRIs."""
    of_dataset = list(about)
    for heir, predicates in heirs.items():
        found = (t for t in of_dataset if t.predicate.value in predicates)
        yield from (ox.Triple(ox.NamedNode(heir), t.predicate, t.object) for t in found)


def _texts(subject: str, predicate: str, words: Mapping[str, str]) -> Iterator[ox.Triple]:
    return (triple(subject, predicate, ox.Literal(text, language=code)) for code, text in words.items())


def _is_date(value: ox.Literal) -> bool:
    return value.datatype.value == PREFIXES["xsd"] + "date"
