"""The description of the dataset in DCAT-AP 3.0 and VoID: content, statistics, services and distributions.

What it says of the data is in the store (`kg/data/dataset.ttl` for the curated graph), what it says of every server is
in ``catalogue.ttl``, and the names of codes are in ``authorities.ttl``. Publisher, licence, contact and dates of the
catalogue, its services and its files are those that the store states of the dataset.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Final
from urllib.parse import quote, urlsplit

import pyoxigraph as ox

from kg.publishing.authorities import explained
from kg.publishing.descriptions import Description
from kg.publishing.distributions import FORMATS, dump_triples, schema_triples
from kg.publishing.examples import QUESTION
from kg.publishing.files import PublishedFile
from kg.publishing.questions import read_questions
from kg.publishing.triples import literal, triple
from kg.store.reader import Reader
from ontology import BASE, PREFIXES, KelisimError
from ontology.namespaces import KEL, RDF_TYPE, shorten

CATALOGUE: Final = BASE + "catalogue"

_DCAT: Final = PREFIXES["dcat"]
_DCTERMS: Final = PREFIXES["dcterms"]
_VOID: Final = PREFIXES["void"]
_FOAF: Final = PREFIXES["foaf"]
_TITLE: Final = _DCTERMS + "title"
_DESCRIPTION: Final = _DCTERMS + "description"
_PUBLISHER: Final = _DCTERMS + "publisher"
_MODIFIED: Final = _DCTERMS + "modified"
_CONTACT: Final = _DCAT + "contactPoint"
_ISSUED: Final = _DCTERMS + "issued"
_LICENSE: Final = _DCTERMS + "license"
_RIGHTS: Final = _DCTERMS + "accessRights"
_SPATIAL: Final = _DCTERMS + "spatial"
_PERIOD: Final = CATALOGUE + "#period"
_POINTS_TO: Final = (_PUBLISHER, _DCTERMS + "creator", _CONTACT, _DCTERMS + "temporal", _DCTERMS + "provenance")
_INHERITED: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    (BASE, _DCAT + "distribution"): (_LICENSE, _MODIFIED),
    (CATALOGUE, _DCAT + "service"): (_PUBLISHER, _LICENSE, _RIGHTS, _CONTACT, _DCAT + "theme"),
}
"""What the files of the dataset and the services have of the dataset."""

_OF_CATALOGUE: Final = (_PUBLISHER, _LICENSE, _ISSUED, _MODIFIED, _SPATIAL)
"""What the catalogue has of it."""

_MAX_ROWS: Final = 1_000


@dataclass(frozen=True)
class Counts:
    """The number of triples in the default graph, of things by class, and the first and last day that facts are about.

    0 and empty if not known.
    """

    triples: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    days: tuple[ox.Literal, ...] = ()


def count(reader: Reader) -> Counts:
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
        return Counts()
    named = {str(r["class"].value): int(str(r["n"].value)) for r in rows if isinstance(r.get("class"), ox.NamedNode)}
    period = [day for name in ("first", "last") if isinstance(day := days.get(name), ox.Literal) and _is_date(day)]
    return Counts(int(str(total["n"].value)), named, tuple(period))


@dataclass(frozen=True)
class State:
    """A state of the store: its name, and when it came about (xsd:dateTime).

    changed: empty if that is not known, None if nothing was changed since the store was made.
    """

    version: str
    changed: str | None = None


def catalogue(
    reader: Reader, host: str, state: State, counts: Counts, made: Mapping[str, PublishedFile]
) -> Description:
    """The catalogue of the server at the URL `host`, which ends in a slash, over data of that state.

    made: the dumps that exist already, by file extension; of these it gives size and checksum.
    """
    about = {*stated(reader)}
    if not any(t.predicate.value == _TITLE for t in about):
        about |= {*_undescribed(host)}
    if state.changed is not None:
        about = {t for t in about if t.predicate.value != _MODIFIED}
        if state.changed:
            about.add(triple(BASE, _MODIFIED, literal(state.changed, "dateTime")))
    triples = {
        *about,
        *_dataset(host, state.version, counts),
        *(triple(BASE, _VOID + "rootResource", root) for root in _roots(reader)),
        *_of_every_server(host),
        *dump_triples(host, made),
        *schema_triples(host),
    }
    triples |= {*_inherited(triples, about)}
    triples = explained(triples)
    return Description(BASE, tuple(ox.Quad(t.subject, t.predicate, t.object) for t in sorted(triples, key=str)))


def stated(reader: Reader) -> list[ox.Triple]:
    """What the store states of the dataset, and of its publisher, contact, period and provenance."""
    things = " UNION ".join(
        [f"{{ BIND(<{BASE}> AS ?s) }}", f"{{ <{BASE}> {'|'.join(map('<{}>'.format, _POINTS_TO))} ?s }}"]
    )
    return [*reader.triples(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {{ {things} }} ?s ?p ?o }} LIMIT {_MAX_ROWS}")]


def _undescribed(host: str) -> Iterator[ox.Triple]:
    """What can be said of data that nobody has described."""
    name, operator = urlsplit(host).netloc, host + "#operator"
    yield triple(BASE, _TITLE, ox.Literal(f"The data at {name}", language="en"))
    words = "What the operator of this server has loaded into it, and has not described."
    yield triple(BASE, _DESCRIPTION, ox.Literal(words, language="en"))
    yield triple(BASE, _PUBLISHER, operator)
    yield triple(operator, _FOAF + "name", ox.Literal(f"The operator of {name}", language="en"))


def _of_every_server(host: str) -> Iterator[ox.Triple]:
    """``catalogue.ttl``, with its relative IRIs resolved."""
    text = resources.files("kg.publishing").joinpath("catalogue.ttl").read_bytes()
    for quad in ox.parse(input=text, format=ox.RdfFormat.TURTLE, base_iri=host):
        yield quad.triple


def _dataset(host: str, version: str, counts: Counts) -> Iterator[ox.Triple]:
    yield triple(BASE, RDF_TYPE, _DCAT + "Dataset")
    yield triple(BASE, RDF_TYPE, _VOID + "Dataset")
    yield triple(BASE, _DCAT + "version", ox.Literal(version))
    yield triple(BASE, _DCAT + "landingPage", host)
    yield triple(BASE, _VOID + "sparqlEndpoint", host + "sparql")
    yield triple(BASE, _VOID + "openSearchDescription", host + "opensearch.xml")
    yield triple(BASE, _VOID + "uriSpace", ox.Literal(BASE))
    for extension, form in FORMATS.items():
        if form.w3c:
            yield triple(BASE, _VOID + "feature", form.w3c)
            yield triple(BASE, _VOID + "dataDump", f"{host}data/dump.{extension}")
    if counts.triples:
        yield triple(BASE, _VOID + "triples", ox.Literal(counts.triples))
    for name, number in counts.classes.items():
        part = f"{CATALOGUE}#{quote(shorten(name), safe=':')}"
        yield triple(BASE, _VOID + "classPartition", part)
        yield triple(part, _VOID + "class", name)
        yield triple(part, _VOID + "entities", ox.Literal(number))
    if len(counts.days) == 2:
        yield triple(BASE, _DCTERMS + "temporal", _PERIOD)
        for name, day in zip(("startDate", "endDate"), counts.days, strict=True):
            yield triple(_PERIOD, _DCAT + name, day)


def _roots(reader: Reader) -> list[str]:
    """Where to begin reading: the questions, the articles and the lists of codes."""
    listed = reader.rows(
        f"SELECT DISTINCT ?root WHERE {{ {{ ?root a <{KEL.Article}> }} "
        f"UNION {{ ?root a <{PREFIXES['skos']}ConceptScheme> }} }} LIMIT {_MAX_ROWS}"
    )
    roots = [QUESTION + question.name for question in read_questions()]
    return roots + [str(row["root"].value) for row in listed if isinstance(row["root"], ox.NamedNode)]


def _inherited(triples: Iterable[ox.Triple], about: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    """The properties of the dataset that the catalogue, its services and its files have too."""
    of_dataset = [t for t in about if isinstance(t.subject, ox.NamedNode) and t.subject.value == BASE]
    heirs: dict[ox.NamedNode, tuple[str, ...]] = {ox.NamedNode(CATALOGUE): _OF_CATALOGUE}
    for each in triples:
        predicates = _INHERITED.get((getattr(each.subject, "value", ""), each.predicate.value))
        if predicates and isinstance(each.object, ox.NamedNode):
            heirs[each.object] = predicates
    for heir, predicates in heirs.items():
        yield from (ox.Triple(heir, t.predicate, t.object) for t in of_dataset if t.predicate.value in predicates)


def _is_date(value: ox.Literal) -> bool:
    return value.datatype.value == PREFIXES["xsd"] + "date"
