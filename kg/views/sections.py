"""The layout of the view of a thing: groups of its own properties, and sections of things that link to it."""

from dataclasses import dataclass
from typing import Final

from kg.language.messages import gettext_noop
from ontology.namespaces import PREFIXES, RDF_TYPE

_OTHERS: Final = {"type": RDF_TYPE} | {
    f"{prefix}:{name}": PREFIXES[prefix] + name
    for prefix, names in {
        "dcterms": "creator description isPartOf language license publisher source spatial subject title",
        "foaf": "name",
        "geo": "lat long",
        "org": "classification memberOf organization postIn role subOrganizationOf",
        "rdfs": "label",
        "skos": "altLabel broader definition exactMatch inScheme prefLabel topConceptOf",
    }.items()
    for name in names.split()
}


def property_iris(names: str) -> tuple[str, ...]:
    """The IRIs of properties by short name: a local name (``kel:``), or a name with a prefix."""
    return tuple(_OTHERS.get(name) or PREFIXES["kel"] + name for name in names.split())


@dataclass(frozen=True)
class Group:
    """A group of properties of a thing, in the order in which they are shown."""

    name: str
    title: str
    properties: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """The things of some classes that link to a thing, and the properties shown as columns.

    required: additional properties needed to show a column. with_stages: whether their stages are shown too.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    required: tuple[str, ...] = ()
    with_stages: bool = False


HEADLINES: Final = tuple(
    f"{PREFIXES['code']}measure-{name}"
    for name in ("trade-turnover", "direct-investment", "trade-growth", "group-population", "students", "gas-volume")
)
"""The measures of figures that readers look for first."""

FIGURE_PROPERTIES: Final = property_iris("value outOf unit bound asWritten")
"""The properties needed to show a figure as its source gives it."""

GROUPS: Final = (
    Group(
        "identity",
        gettext_noop("In brief"),
        property_iris(
            "type kind status latestStatus strongestModality visitLevel org:classification org:role attendance force "
            "ordinal documentCount degree manner trend stance skos:altLabel skos:definition dcterms:description gloss "
            "isoAlpha2 isoAlpha3 skos:exactMatch"
        ),
    ),
    Group(
        "figure",
        gettext_noop("The figure"),
        property_iris(
            "measure figureKind group refArea counterpartArea observed value share unit bound asWritten outOf"
        ),
    ),
    Group(
        "agents",
        gettext_noop("Who"),
        property_iris(
            "holder office agent capacity visitor visited host organiser delegate participant speaker saidBy relayedBy "
            "addressee actor target party builder candidateBuilder operator org:memberOf org:organization "
            "org:subOrganizationOf org:postIn dcterms:publisher dcterms:creator translator"
        ),
    ),
    Group(
        "where",
        gettext_noop("Where"),
        property_iris("place locatedIn inState dcterms:spatial origin via destination geo:lat geo:long"),
    ),
    Group("about", gettext_noop("Subjects"), property_iris("topic concerns commodity condition reason responseTo")),
    Group(
        "links",
        gettext_noop("Connected with"),
        property_iris(
            "inEvent inSeries partOf during follows atEvent witness outcomeOf documentOf inPackage stageOf stage "
            "delivers article dcterms:isPartOf"
        ),
    ),
    Group("other", gettext_noop("More"), ()),
)
"""The groups of a thing's own facts; the last one takes all other properties."""

HIDDEN_PROPERTIES: Final = frozenset(
    property_iris(
        "rdfs:label foaf:name skos:prefLabel dcterms:subject dcterms:source note skos:topConceptOf passage modality"
    )
) | {PREFIXES["prov"] + "wasDerivedFrom"}
"""Properties that are shown elsewhere on a page, such as its heading, or that duplicate others."""


def _classes(names: str) -> tuple[str, ...]:
    return tuple(PREFIXES["kel"] + name if ":" not in name else _expand(name) for name in names.split())


def _expand(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


SECTIONS: Final = (
    Section("offices", gettext_noop("Offices"), _classes("Tenure Office"), property_iris("holder office org:postIn")),
    Section("stages", gettext_noop("Stages"), _classes("StageEvent"), property_iris("stageOf stage actor atEvent")),
    Section(
        "documents",
        gettext_noop("Documents"),
        _classes("Instrument DocumentPackage"),
        property_iris("kind documentCount"),
        with_stages=True,
    ),
    Section(
        "figures",
        gettext_noop("Trade and other figures"),
        _classes("TradeObservation Observation qb:Observation"),
        property_iris("measure figureKind group refArea counterpartArea observed value"),
        FIGURE_PROPERTIES,
    ),
    Section(
        "events",
        gettext_noop("Events"),
        _classes("Visit Event EventSeries Participation"),
        property_iris("kind attendance agent inEvent capacity status"),
    ),
    Section(
        "works",
        gettext_noop("Projects, facilities and routes"),
        _classes("Project Facility Route"),
        property_iris("kind status"),
        with_stages=True,
    ),
    Section(
        "relations",
        gettext_noop("Relations and policies"),
        _classes("Relation Policy"),
        property_iris("kind actor target status"),
    ),
    Section("statements", gettext_noop("Statements"), _classes("Statement"), property_iris("saidBy kind stance gloss")),
    Section(
        "agents",
        gettext_noop("Organisations and people"),
        _classes("foaf:Person org:Organization State StateGroup foaf:Group org:FormalOrganization"),
        property_iris("org:classification"),
    ),
    Section("places", gettext_noop("Places"), _classes("Place"), ()),
    Section("others", gettext_noop("Other things that point here"), (), property_iris("type")),
)
"""The sections; an entry is in the first one that has one of its classes, else in the last."""
