"""Names of a query that do not occur in the data, and similar names that do: why an answer may lack something."""

import re
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Final

import pyoxigraph as ox

from kg.engine.guard import tokens_with_iris
from kg.engine.patterns import TYPE, triple_patterns

LABELS: Final = (
    ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label"),
    ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel"),
    ox.NamedNode("http://www.w3.org/2004/02/skos/core#altLabel"),
)
"""The properties with what things are called."""

MOST_UNKNOWN: Final = 5
"""The most unknown names that are told of one query."""

_STANDARD: Final = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2001/XMLSchema#")
_BEFORE_GRAPHS: Final = ("FROM", "NAMED", "SERVICE", "SILENT")
_UNREAD: Final = ("CONSTRUCT", "SERVICE")
"""What begins a group whose names need not occur in the data."""

_LONGEST: Final = 200
"""Longer names, in characters, are passed over: they are generated, and to find similar ones is slow."""

_SEPARATORS: Final = re.compile(r"[-_.\s]+|(?<=[a-z])(?=[A-Z])")
_SIMILARITY: Final = 82
"""Of 100: less is of no help."""

_SIMILAR_SECONDS: Final = 0.05
"""After so much processor time no similar names are looked for any more."""

_PARTIAL_LETTERS: Final = 4
_SHOWN: Final = 3


def names(query: str) -> Iterator[str]:
    """The IRIs in the patterns of a query: without datatypes, functions, the dataset, templates and SERVICE."""
    patterns = triple_patterns(query)
    if patterns is None:
        yield from names_by_tokens(query)
    else:
        yield from (iri for pattern in patterns for iri in pattern if iri and iri != TYPE)


def names_by_tokens(query: str) -> Iterator[str]:
    """The same for a query of any kind, from its tokens; each as often as it is written."""
    depth, unread, pending, unread_next = 0, 0, "", False
    recent = ("", "")
    for token, iri in tokens_with_iris(query):
        word = token[0]
        if pending and word != "(":  # else it is a function
            yield pending
        pending = ""
        if iri and not unread and recent[1].upper() not in _BEFORE_GRAPHS and recent != ("^", "^"):
            pending = iri
        if word == "{":
            depth += 1
            if unread_next and not unread:
                unread = depth
            unread_next = False
        elif word == "}":
            unread = 0 if unread == depth else unread
            depth -= 1
        elif token["word"]:
            unread_next = unread_next or word.upper() in _UNREAD
            if word.upper() == "WHERE":  # CONSTRUCT WHERE has no template of its own
                unread_next = False
        recent = (recent[1], word)
    if pending:
        yield pending


def unknown_names(query: str, store: ox.Store) -> list[str]:
    """The names of a query that are nowhere in the store, at most `MOST_UNKNOWN`."""
    seen: set[str] = set()
    found: list[str] = []
    for name in names(query):
        if name in seen:
            continue
        seen.add(name)
        if len(name) <= _LONGEST and not name.startswith(_STANDARD) and not _occurs(name, store):
            found.append(name)
            if len(found) == MOST_UNKNOWN:
                break
    return found


def _occurs(name: str, store: ox.Store) -> bool:
    try:
        node = ox.NamedNode(name)
    except ValueError:
        return True  # the engine has refused it, or reads it otherwise
    places = ((node, None, None), (None, node, None), (None, None, node))
    found = (next(iter(store.quads_for_pattern(*place)), None) for place in places)
    return any(quad is not None for quad in found) or store.contains_named_graph(node)


class KnownNames:
    """What the labelled things of a store are called, by namespace, at the time of construction."""

    def __init__(self, store: ox.Store) -> None:
        import_module("rapidfuzz.process")  # now: workers may open no files
        self._called = _called(store)

    def similar(self, wanted: list[str]) -> dict[str, list[str]]:
        """For each name at most three of its namespace with a like local name or label, the most similar first.

        None for those that come after too many others.
        """
        end = time.thread_time() + _SIMILAR_SECONDS
        return {name: self._similar(name) if time.thread_time() < end else [] for name in wanted}

    def _similar(self, name: str) -> list[str]:
        from rapidfuzz import fuzz, process

        called = self._called.get(_namespace(name), [])
        choices, words = [choice for choice, _ in called], _words(name)
        like = process.extract(words, choices, scorer=fuzz.token_sort_ratio, score_cutoff=_SIMILARITY, limit=None)
        within = process.extract(words, choices, scorer=fuzz.partial_ratio, score_cutoff=100, limit=None)
        within = [
            m for m in within if len(m[0]) >= _PARTIAL_LETTERS and _begins_a_word(*sorted((m[0], words), key=len))
        ]
        within.sort(key=lambda match: len(match[0]))
        return [*dict.fromkeys(called[place][1] for _, _, place in (*like, *within))][:_SHOWN]


def _begins_a_word(one: str, other: str) -> bool:
    """Whether the shorter text is in the longer from the beginning of a word on: no side is in a president."""
    short, long = sorted((one, other), key=len)
    return re.search(rf"\b{re.escape(short)}", long) is not None


def _called(store: ox.Store) -> dict[str, list[tuple[str, str]]]:
    called: dict[str, set[tuple[str, str]]] = {}
    for label in LABELS:
        for quad in store.quads_for_pattern(None, label, None, ox.DefaultGraph()):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                iri = quad.subject.value
                own = called.setdefault(_namespace(iri), set())
                own |= {(_words(iri), iri), (quad.object.value.lower()[:_LONGEST], iri)}
    return {namespace: sorted(own) for namespace, own in called.items()}


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind("/"), iri.rfind("#"), iri.rfind(":")) + 1]


def _words(iri: str) -> str:
    return _SEPARATORS.sub(" ", iri.removeprefix(_namespace(iri))).lower()
