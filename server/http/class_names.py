"""The names of classes on pages."""

from collections.abc import Collection

from kg.language.labels import labels
from kg.language.vocabulary_labels import NAMES
from kg.store.reader import Reader
from server.http.languages import language, translate


def class_names(reader: Reader, classes: Collection[str]) -> dict[str, str]:
    """The capitalised name of each class in the language of the page: its label, or a translated name of `NAMES`."""
    found = labels(reader, [iri for iri in classes if iri and iri not in NAMES], language())
    names = {iri: translate(NAMES[iri]) if iri in NAMES else str(found[iri]) for iri in classes if iri}
    return {iri: name[:1].upper() + name[1:] for iri, name in names.items()} | {"": translate("Other things")}
