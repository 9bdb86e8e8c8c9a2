"""Conflicts as RDF: what the default graph of a dataset tells of them, and the same of a running store."""

from collections.abc import Iterable, Iterator, Mapping
from string import ascii_lowercase
from typing import Final

import pyoxigraph as ox

from kg.conflicts.detection import detect
from kg.conflicts.model import Conflict, code, named
from kg.engine.engine import Engine
from kg.engine.reading import Rows, nodes, rows_of
from ontology.namespaces import CONFLICT, KEL, PREFIXES, RDF_TYPE

LANGUAGES: Final = ("en", "ru", "kk")
_LABEL: Final = ox.NamedNode(PREFIXES["rdfs"] + "label")
_BATCH: Final = 500


def conflict_triples(quads: Iterable[ox.Quad]) -> list[ox.Triple]:
    """The triples about the conflicts between the claims of a dataset."""
    reader = rows_of(Engine(quads))
    return list(triples(reader, detect(reader)))


def triples(reader: Rows, conflicts: Iterable[Conflict]) -> Iterator[ox.Triple]:
    """The triples about conflicts: each one, and its sides, which are named by letters; no blank node.

    Labels are those of the kind and of what it is about, in three languages.
    """
    given = list(conflicts)
    labels = _labels(reader, {iri for each in given for iri in named(each)})
    for each in given:
        it = ox.NamedNode(each.iri)
        yield _link(it, RDF_TYPE, str(KEL.Conflict))
        yield _link(it, str(KEL.conflictKind), code(f"conflict-{each.kind}"))
        for language in LANGUAGES:
            yield ox.Triple(it, _LABEL, ox.Literal(_title(each, labels, language), language=language))
        if each.on:
            yield _link(it, str(KEL.differingProperty), each.on)
        for thing in each.about:
            yield _link(it, str(KEL.conflictAbout), thing)
        for name in each.ordered_caveats:
            yield _link(it, str(KEL.caveat), code(f"caveat-{name}"))
        for letter, side in zip(ascii_lowercase, each.sides, strict=False):
            node = ox.NamedNode(f"{CONFLICT}{each.slug}/{letter}")
            yield ox.Triple(it, ox.NamedNode(str(KEL.hasSide)), node)
            yield _link(node, RDF_TYPE, str(KEL.ConflictSide))
            for language in LANGUAGES:
                words = f"{_title(each, labels, language)} ({letter})"
                yield ox.Triple(node, _LABEL, ox.Literal(words, language=language))
            yield from (ox.Triple(node, ox.NamedNode(str(KEL.differingValue)), value) for value in side.values)
            yield from (_link(node, str(KEL.tellsOf), thing) for thing in side.things)
            yield from (_link(node, str(KEL.toldIn), claim) for claim in side.claims)


def _link(subject: ox.NamedNode, name: str, value: str) -> ox.Triple:
    return ox.Triple(subject, ox.NamedNode(name), ox.NamedNode(value))


def _title(each: Conflict, labels: Mapping[tuple[str, str], str], language: str) -> str:
    def name(iri: str) -> str:
        return labels.get((iri, language)) or labels.get((iri, "en")) or iri

    return f"{name(code(f'conflict-{each.kind}'))}: {', '.join(map(name, each.about))}"


def _labels(reader: Rows, iris: Iterable[str]) -> dict[tuple[str, str], str]:
    """The labels of things by IRI and language, of the default graph or else of claims; of several the least."""
    wanted, found = sorted(set(iris)), dict[tuple[str, str], str]()
    for start in range(0, len(wanted), _BATCH):
        things = nodes(wanted[start : start + _BATCH])
        for pattern in ("?x {label} ?name", "GRAPH ?claim {{ ?x {label} ?name }}"):
            where = f"VALUES ?x {{ {things} }} {pattern.format(label=_LABEL)}"
            own = dict[tuple[str, str], str]()
            for row in reader.rows(f"SELECT ?x ?name WHERE {{ {where} }} LIMIT 100000"):
                key = str(row["x"].value), getattr(row["name"], "language", None) or "en"
                own[key] = min(own.get(key, row["name"].value), row["name"].value)
            found = own | found
    return found
