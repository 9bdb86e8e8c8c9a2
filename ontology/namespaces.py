"""The namespaces of Kelisim and of the vocabularies that it reuses."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rdflib import Namespace

BASE: Final = "https://w3id.org/kelisim/"
"""The base of all IRIs of the project."""

ONTOLOGY_IRI: Final = BASE + "ns"
INFERRED_GRAPH: Final = BASE + "graph/inferred"
"""The named graph of the inferred triples."""
MODALITIES: Final = ("asserted", "reported", "planned", "expected", "possible", "denied")
"""The codes of the modalities, the surest first."""
PUBLISHED_MODALITIES: Final = MODALITIES[:3]
"""The facts of claims in these modalities are also in the default graph; the others only in the claim's graph."""
EVERYTHING: Final = BASE + "lens/everything"
"""The name, for FROM, of the dataset whose default graph holds the facts of all claims, however surely told."""
SKOLEM: Final = BASE + ".well-known/genid/"
"""The prefix of the Skolem IRIs (RDF 1.1 Concepts, section 3.5) that replace the ontology's blank nodes."""

if TYPE_CHECKING:
    KEL: Namespace
    ID: Namespace
    CODE: Namespace
    CLAIM: Namespace
    SRC: Namespace
    SHAPE: Namespace
    CONFLICT: Namespace
    """Conflicts between claims, and their sides."""

_OWN: Final = {
    "KEL": "ns#",
    "ID": "id/",
    "CODE": "code/",
    "CLAIM": "claim/",
    "SRC": "source/",
    "SHAPE": "shape/",
    "CONFLICT": "conflict/",
}


def __getattr__(name: str) -> "Namespace":
    """Makes a namespace of the project's when it is first used (PEP 562): who needs none has no need of rdflib."""
    if name not in _OWN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rdflib import Namespace

    namespace = globals()[name] = Namespace(BASE + _OWN[name])
    return namespace


PREFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{prefix: BASE + _OWN[prefix.upper()] for prefix in ("kel", "id", "code", "claim", "src")},
        "dcat": "http://www.w3.org/ns/dcat#",
        "dcterms": "http://purl.org/dc/terms/",
        "edtf": "http://id.loc.gov/datatypes/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
        "oa": "http://www.w3.org/ns/oa#",
        "org": "http://www.w3.org/ns/org#",
        "owl": "http://www.w3.org/2002/07/owl#",
        "prov": "http://www.w3.org/ns/prov#",
        "qb": "http://purl.org/linked-data/cube#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "unit": "http://qudt.org/vocab/unit/",
        "void": "http://rdfs.org/ns/void#",
        "wd": "http://www.wikidata.org/entity/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }
)
"""The namespaces used in the project, by prefix."""

RDF_TYPE: Final = PREFIXES["rdf"] + "type"
"""The IRI of ``rdf:type``."""


def shorten(iri: str, prefixes: Mapping[str, str] = PREFIXES) -> str:
    """The IRI with a prefix, such as ``id:astana``, or unchanged. For display only: it is not escaped.

    Of several namespaces that it begins with, the longest counts.
    """
    found = max(
        (p for p, namespace in prefixes.items() if iri.startswith(namespace)),
        key=lambda p: len(prefixes[p]),
        default=None,
    )
    return iri if found is None else f"{found}:{iri.removeprefix(prefixes[found])}"
