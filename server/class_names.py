"""What the classes of things are called on pages."""

from collections.abc import Collection

from kg.classes import ORGANISATION, PERSON
from kg.labels import labels
from kg.reader import Reader
from ontology.namespaces import PREFIXES
from server.languages import language, translate


def class_names(reader: Reader, classes: Collection[str]) -> dict[str, str]:
    """The name of each class in the language of the page: the ontology's, or ours for classes of others."""
    own = _own()
    found = labels(reader, [iri for iri in classes if iri and iri not in own], language())
    names = {iri: own[iri] if iri in own else str(found[iri]) for iri in classes if iri}
    return {iri: name[:1].upper() + name[1:] for iri, name in names.items()} | {"": translate("Other things")}


def _own() -> dict[str, str]:
    """Those that the graph holds no name of."""
    return {
        PERSON: translate("Person"),
        ORGANISATION: translate("Organisation"),
        PREFIXES["foaf"] + "Image": translate("Picture"),
        PREFIXES["skos"] + "Concept": translate("Code"),
        PREFIXES["skos"] + "ConceptScheme": translate("List of codes"),
        PREFIXES["owl"] + "Class": translate("Class"),
        PREFIXES["owl"] + "ObjectProperty": translate("Property"),
        PREFIXES["owl"] + "DatatypeProperty": translate("Property of values"),
        PREFIXES["owl"] + "Ontology": translate("Ontology"),
    }
