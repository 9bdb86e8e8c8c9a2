"""Resolves user input to the IRI of a thing: a local name, a prefixed name, an IRI, or a name in any spelling."""

from typing import Final

from kg.search.index import Index
from kg.search.matching import candidates, is_match
from kg.search.texts import read_texts
from kg.store.reader import Reader, node
from ontology import PREFIXES, KelisimError
from ontology.namespaces import ID, shorten

_SUGGESTED: Final = 8


def resolve(reader: Reader, words: str) -> str:
    """The IRI of the thing.

    Raises KelisimError, with the nearest candidates, if there is no match.
    """
    for iri in _as_written(words):
        if _is_known(reader, iri):
            return iri
    found = candidates(Index(read_texts(reader)), words)
    if is_match(found):
        return found[0].thing
    if not found:
        raise KelisimError(f"Nothing in the graph is called {words!r}.")
    near = "; ".join(f"{shorten(each.thing)} ({each.name})" for each in found[:_SUGGESTED])
    raise KelisimError(f"It is not certain what {words!r} is. Perhaps: {near}. Give the identifier of what is meant.")


def _as_written(words: str) -> list[str]:
    """The IRIs that the input may be or abbreviate."""
    prefix, colon, local = words.partition(":")
    if "://" in words:
        return [words.strip("<>")]
    if colon and prefix in PREFIXES:
        return [PREFIXES[prefix] + local]
    return [f"{ID}{words}"]


def _is_known(reader: Reader, iri: str) -> bool:
    try:
        it = node(iri)
    except KelisimError:
        return False  # not an IRI, such as a name with spaces
    return reader.ask(
        f"ASK {{ {{ {it} ?p ?o }} UNION {{ GRAPH ?g {{ {it} ?p ?o }} }} UNION {{ GRAPH ?g {{ ?s ?p {it} }} }} }}"
    )
