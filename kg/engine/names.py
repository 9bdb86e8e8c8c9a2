"""Names of a query that do not occur in the data, and similar names that do: why an answer may lack something."""

import re
from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox
from rapidfuzz import fuzz, process

from kg.engine.guard import is_ignored, resolved, tokens
from ontology import BASE

_LABELS: Final = (
    ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label"),
    ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel"),
    ox.NamedNode("http://www.w3.org/2004/02/skos/core#altLabel"),
)
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_STANDARD: Final = (_RDF, "http://www.w3.org/2001/XMLSchema#")
_BEFORE_GRAPHS: Final = ("FROM", "NAMED", "SERVICE")
_SEPARATORS: Final = re.compile(r"[-_.\s]+|(?<=[a-z])(?=[A-Z])")
_SIMILARITY: Final = 82
"""Of 100: less is of no help."""

_PARTIAL_LETTERS: Final = 4
_SHOWN: Final = 3


def names(query: str) -> Iterator[str]:
    """The IRIs that the patterns of a query name, without those of its prologue, of datatypes, functions and graphs.

    Those with an undeclared prefix are left out: the engine refuses the query.
    """
    prefixes = dict[str, str]()
    base, declared, before, pending = BASE, "", "", ""
    for token in tokens(query):
        if is_ignored(token):
            continue
        text = token[0]
        if pending and text != "(":  # else it is a function
            yield pending
        pending = ""
        if before == "PREFIX" and token["name"]:
            declared = text.partition(":")[0]
            continue  # `before` stays: the IRI follows
        iri = ""
        if token["skip"] and text[0] == "<":
            iri = resolved(text[1:-1], base)
        elif token["name"] and text[0] != "_":
            prefix, _, local = text.partition(":")
            iri = prefixes[prefix] + local.replace("\\", "") if prefix in prefixes else ""
        if iri and before == "PREFIX":
            prefixes[declared] = iri
        elif iri and before == "BASE":
            base = iri
        elif iri and before not in _BEFORE_GRAPHS and not query.endswith("^^", 0, token.start()):
            pending = iri
        before = text.upper()
    if pending:
        yield pending


def unknown_names(query: str, store: ox.Store) -> list[str]:
    """The names of a query that are nowhere in the store."""
    return [name for name in dict.fromkeys(names(query)) if not name.startswith(_STANDARD) and not _occurs(name, store)]


def _occurs(name: str, store: ox.Store) -> bool:
    try:
        node = ox.NamedNode(name)
    except ValueError:
        return True  # the engine has refused it, or reads it otherwise
    patterns = (
        store.quads_for_pattern(node, None, None),
        store.quads_for_pattern(None, node, None),
        store.quads_for_pattern(None, None, node),
    )
    return store.contains_named_graph(node) or any(next(iter(found), None) is not None for found in patterns)


class KnownNames:
    """What the labelled things of a store are called, by namespace, at the time of construction."""

    def __init__(self, store: ox.Store) -> None:
        self._called = _called(store)

    def similar(self, name: str) -> list[str]:
        """At most three names of the same namespace that have a like local name or label, the most similar first."""
        called = self._called.get(_namespace(name), [])
        choices, words = [choice for choice, _ in called], _words(name)
        like = process.extract(words, choices, scorer=fuzz.token_sort_ratio, score_cutoff=_SIMILARITY, limit=None)
        within = process.extract(words, choices, scorer=fuzz.partial_ratio, score_cutoff=100, limit=None)
        within = sorted((m for m in within if len(m[0]) >= _PARTIAL_LETTERS), key=lambda match: len(match[0]))
        return [*dict.fromkeys(called[place][1] for _, _, place in (*like, *within))][:_SHOWN]


def _called(store: ox.Store) -> dict[str, list[tuple[str, str]]]:
    called: dict[str, set[tuple[str, str]]] = {}
    for label in _LABELS:
        for quad in store.quads_for_pattern(None, label, None, ox.DefaultGraph()):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                iri = quad.subject.value
                own = called.setdefault(_namespace(iri), set())
                own |= {(_words(iri), iri), (quad.object.value.lower(), iri)}
    return {namespace: sorted(own) for namespace, own in called.items()}


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind("/"), iri.rfind("#"), iri.rfind(":")) + 1]


def _words(iri: str) -> str:
    return _SEPARATORS.sub(" ", iri.removeprefix(_namespace(iri))).lower()
