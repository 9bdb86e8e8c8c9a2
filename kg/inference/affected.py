"""Which results of Kelisim's own definitions a change may alter."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import pyoxigraph as ox

from kg.inference.definitions import (
    ABOUT,
    ARTICLE,
    AT_EVENT,
    CONCEPT,
    DATE,
    DOCUMENT_OF,
    DOCUMENTS,
    IN_PACKAGE,
    LATEST,
    OUTCOME_OF,
    PART_OF,
    PASSAGE,
    POINTED_AT,
    STAGE_OF,
    STATUS,
    STRONGEST,
)
from kg.inference.matching import DEFAULT
from kg.inference.told import DEFINED, TYPE, is_thing

Result: TypeAlias = tuple[ox.NamedNode, ox.NamedNode]
"""The subject and the property of the results of a definition."""

_STEPS = (OUTCOME_OF, STAGE_OF, AT_EVENT, IN_PACKAGE, PART_OF, DOCUMENT_OF)


def by_facts(claim: ox.NamedNode, triples: Iterable[ox.Triple]) -> Iterator[Result]:
    """The results that may change where a claim begins or ceases to tell triples, or its modality changes."""
    yield claim, ABOUT
    for triple in triples:
        for thing in (triple.subject, triple.object):
            if isinstance(thing, ox.NamedNode):
                yield thing, STRONGEST
        if triple.predicate == STATUS and isinstance(triple.subject, ox.NamedNode):
            yield triple.subject, LATEST


def by_default(store: ox.Store, triple: ox.Triple) -> Iterator[Result]:
    """The results that may change where the triple comes into the default graph or leaves it, by one of the states."""
    if not isinstance(triple.subject, ox.NamedNode):
        return
    if triple.predicate in DEFINED:
        yield triple.subject, triple.predicate
    if triple.predicate == TYPE:
        if triple.object in POINTED_AT or triple.object == CONCEPT:
            yield triple.subject, STRONGEST
        if triple.object in DOCUMENTS:
            yield triple.subject, DOCUMENT_OF
    elif triple.predicate in _STEPS:
        for document in _documents(store, triple):
            yield document, DOCUMENT_OF


def redated(store: ox.Store, triple: ox.Triple) -> Iterator[ox.NamedNode]:
    """The claims whose dates a triple of the default graph bears on."""
    claims: set[object]
    if triple.predicate == PASSAGE:
        claims = {triple.subject}
    elif triple.predicate == ARTICLE:
        claims = _subjects(store, PASSAGE, triple.subject)
    elif triple.predicate == DATE:
        claims = {c for p in _subjects(store, ARTICLE, triple.subject) for c in _subjects(store, PASSAGE, p)}
    else:
        claims = set()
    yield from (claim for claim in claims if isinstance(claim, ox.NamedNode))


def _documents(store: ox.Store, triple: ox.Triple) -> set[ox.NamedNode]:
    """The documents to whose events the triple may contribute."""
    roots = {triple.subject, triple.object} if triple.predicate == STAGE_OF else {triple.subject}
    if triple.predicate == AT_EVENT:
        roots |= {q.object for q in store.quads_for_pattern(triple.subject, STAGE_OF, None, DEFAULT)}
    found = _below(store, roots)
    if triple.predicate == PART_OF:  # the events of documents may be part of a bigger one
        for event in _below(store, {triple.subject}):
            found |= _below(store, _subjects(store, DOCUMENT_OF, event))
    return {document for document in found if isinstance(document, ox.NamedNode)}


def _below(store: ox.Store, roots: Iterable[object]) -> set[object]:
    """The things, and all that is part of them or in their package."""
    found, agenda = set(roots), list(roots)
    while agenda:
        whole = agenda.pop()
        for part in _subjects(store, IN_PACKAGE, whole) | _subjects(store, PART_OF, whole):
            if part not in found:
                found.add(part)
                agenda.append(part)
    return found


def _subjects(store: ox.Store, predicate: ox.NamedNode, value: object) -> set[object]:
    if not isinstance(value, ox.NamedNode | ox.BlankNode):
        return set()
    return {q.subject for q in store.quads_for_pattern(None, predicate, value, DEFAULT)}


def everything(store: ox.Store, claims: Iterable[ox.NamedNode]) -> Iterator[Result]:
    """The results of all things in the store."""
    for claim in claims:
        yield from by_facts(claim, (q.triple for q in store.quads_for_pattern(None, None, None, claim)))
    for kind in DOCUMENTS:
        for document in _subjects(store, TYPE, kind):
            if isinstance(document, ox.NamedNode):
                yield document, DOCUMENT_OF
    for kind in POINTED_AT:
        yield from ((t, STRONGEST) for t in _subjects(store, TYPE, kind) if isinstance(t, ox.NamedNode) and is_thing(t))
