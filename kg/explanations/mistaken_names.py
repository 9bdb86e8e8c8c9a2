"""Names that do not occur in the data: similar ones, or the same in another namespace."""

from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox
from rapidfuzz import fuzz, process

from kg.explanations.case import Candidate, Case, names_in
from kg.explanations.pattern import Leaf
from kg.language.messages import gettext_noop
from ontology.namespaces import PREFIXES, RDF_TYPE, shorten

_TYPE: Final = ox.NamedNode(RDF_TYPE)
_LIKE: Final = 75
_SAMPLE: Final = 1000


def candidates(case: Case, leaf: Leaf) -> Iterator[Candidate]:
    """Other names for those of an element that do not occur."""
    if leaf.kind in ("union", "subquery"):  # what is in them is looked at by itself
        return
    for name in dict.fromkeys(names_in(leaf.text)):
        iri = case.term(name)
        if not isinstance(iri, ox.NamedNode) or iri.value not in case.unknown:
            continue
        template = gettext_noop("%(name)s does not occur in the data; %(other)s does.")
        for rank, other in (
            *((10, s) for s in case.unknown[iri.value]),
            *((11, o) for o in _elsewhere(case, iri.value)),
            *((12, o) for o in (_alike(case, leaf, name, iri.value) if not case.unknown[iri.value] else ())),
        ):
            spelt = case.spelt(ox.NamedNode(other))
            values = {"name": name, "other": shorten(other) if spelt.startswith("<") else spelt}
            changes = case.renamed(leaf, name, spelt)
            yield Candidate("unknown name", rank, template, values, leaf, changes)


def _alike(case: Case, leaf: Leaf, name: str, iri: str) -> list[str]:
    """Classes and properties that are called alike, labelled or not."""
    if leaf.terms is None or name not in leaf.terms[1:]:
        return []
    if name == leaf.terms[2] and case.term(leaf.terms[1]) != _TYPE:
        return []
    pattern = "?_thing a ?_it" if name == leaf.terms[2] else "?_thing ?_it ?_value"
    there = [row["_it"].value for row in case.prober.rows("DISTINCT ?_it", pattern, _SAMPLE) or []]
    called = {other: _local(other).lower() for other in there}
    found = process.extract(_local(iri).lower(), called, scorer=fuzz.ratio, score_cutoff=_LIKE, limit=2)
    return [other for _, _, other in found]


def _local(iri: str) -> str:
    return iri[max(iri.rfind("/"), iri.rfind("#")) + 1 :]


def _elsewhere(case: Case, iri: str) -> list[str]:
    """Names that occur, with the same local name in a known namespace, or spelt with https or other capitals."""
    local = _local(iri)
    namespaces = dict.fromkeys((*case.prober.reading.prefixes.values(), *PREFIXES.values()))
    spellings = dict.fromkeys((local, local[:1].lower() + local[1:], local[:1].upper() + local[1:], local.lower()))
    tried = [n + s for n in namespaces for s in spellings]
    tried.append(iri.replace("http://", "https://", 1) if iri.startswith("http:") else iri.replace("https", "http", 1))
    found = list[str]()
    for each in dict.fromkeys(tried):
        try:
            found.append(str(ox.NamedNode(each)))
        except ValueError:
            continue
    places = "{ ?_it ?_p ?_o } UNION { ?_s ?_it ?_o } UNION { ?_s ?_p ?_it }"
    pattern = f"VALUES ?_it {{ {' '.join(found)} }} FILTER EXISTS {{ {places} }}"
    rows = case.prober.rows("?_it", pattern, 4) or []
    return [row["_it"].value for row in rows if row["_it"].value != iri]
