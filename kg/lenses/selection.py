"""Which claims a lens selects, in SPARQL: the same for an engine in this process and for one elsewhere."""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Final

import pyoxigraph as ox

from kg.lenses.names import Kind, Lens, LensError
from ontology import BASE
from ontology.iris import CODE, ID, KEL, SRC
from ontology.namespaces import MODALITIES, PREFIXES

Rows = Iterable[Sequence[str]]
Select = Callable[[str], Rows]
"""Evaluates a SELECT query over the whole dataset: its rows, each value as its IRI or lexical form, "" if unbound."""

_PASSAGE: Final = f"<{KEL.passage}>"
_ARTICLE: Final = f"<{KEL.article}>"
_LATEST: Final = f"<{KEL.latest}>"
_SPEAKER: Final = f"<{KEL.speaker}>"
_MODALITY: Final = f"<{KEL.modality}>"
NAMESPACES: Final[dict[Kind, str]] = {"source": str(SRC), "speaker": str(ID), "modality": str(CODE)}
"""Where the slugs of a lens belong, by kind."""

_VALUES: Final[dict[Kind, str]] = {
    "as-of": f"?claim {_PASSAGE}/{_ARTICLE}/{_LATEST} ?value .",
    "source": f"?claim {_PASSAGE}/{_ARTICLE} ?value .",
    "speaker": f"?claim {_SPEAKER} ?value .",
    "modality": f"?claim {_MODALITY} ?value .",
}
_SIMILAR: Final = 3


def pattern(lens: Lens, claim: str = "claim") -> str:
    """The graph pattern that the records of the lens's claims match, without braces, with ``?claim`` for the claim."""
    modality = f"<{_named('modality', lens.modality)}>" if lens.modality else "?modality"
    found = [f"?{claim} {_MODALITY} {modality} ."]
    if lens.speaker:
        found.append(f"?{claim} {_SPEAKER} <{_named('speaker', lens.speaker)}> .")
    if lens.source:
        found.append(f"?{claim} {_PASSAGE}/{_ARTICLE} <{_named('source', lens.source)}> .")
    if lens.as_of:
        found.append(f"?{claim} {_PASSAGE}/{_ARTICLE}/{_LATEST} ?published .")
        found.append(f'FILTER(?published <= "{lens.as_of}"^^<{PREFIXES["xsd"]}date>)')
    return " ".join(found)


def claims_query(lens: Lens) -> str:
    """The SELECT query of the IRIs of the lens's claims."""
    return f"SELECT DISTINCT ?claim WHERE {{ {pattern(lens)} FILTER(isIRI(?claim)) }}"


def claims(lens: Lens, select: Select) -> list[str]:
    """The IRIs of the claims that the lens selects.

    Raises LensError, with similar names, if there is no such source, speaker or modality.
    """
    found = [row[0] for row in select(claims_query(lens))]
    if not found:
        check(lens, select)
    return found


def check(lens: Lens, select: Select) -> None:
    """Raises LensError, with similar names, if no claim has such a source, speaker or modality."""
    for kind, value in lens.parts.items():
        if kind == "as-of" or (kind == "modality" and value in MODALITIES):
            continue
        known = values(kind, select)
        if value not in known:
            raise _unknown(kind, value, known)


def values(kind: Kind, select: Select) -> list[str]:
    """The slugs by which a lens may select, sorted: of the sources, speakers or modalities that claims have."""
    namespace = NAMESPACES[kind]
    rows = select(f"SELECT DISTINCT ?value WHERE {{ {pattern(Lens())} {_VALUES[kind]} }}")
    found = {row[0].removeprefix(namespace) for row in rows if row[0].startswith(namespace)}
    return [m for m in MODALITIES if m in found] if kind == "modality" else sorted(found)


def dates(select: Select) -> list[str]:
    """The days by which articles with claims were published, the earliest first: the as-of lenses that differ."""
    return sorted(row[0] for row in select(f"SELECT DISTINCT ?value WHERE {{ {pattern(Lens())} {_VALUES['as-of']} }}"))


def counts_query(lens: Lens, kind: Kind) -> str:
    """The SELECT query of the values of one kind that claims of a lens have, each with the number of these claims."""
    counted = "SELECT ?value (COUNT(DISTINCT ?claim) AS ?claims)"
    return f"{counted} WHERE {{ {pattern(lens)} {_VALUES[kind]} }} GROUP BY ?value"


def _unknown(kind: Kind, value: str, known: Sequence[str]) -> LensError:
    values = {"value": value, "similar": ", ".join(_similar(value, known)), "iri": NAMESPACES[kind] + value}
    if kind == "source":
        return LensError("No claim is from the source “%(value)s” (%(iri)s). Similar: %(similar)s.", values)
    if kind == "speaker":
        return LensError("No claim is by the speaker “%(value)s” (%(iri)s). Similar: %(similar)s.", values)
    return LensError("No claim has the modality “%(value)s” (%(iri)s). Similar: %(similar)s.", values)


def _similar(value: str, known: Sequence[str]) -> list[str]:
    """The likest known slugs; those that share a word, or some of them, where none is like it."""
    words = {*value.split("-")}
    return (
        get_close_matches(value, known, _SIMILAR, 0.5)
        or [k for k in known if words & {*k.split("-")}][:_SIMILAR]
        or [*known[:_SIMILAR]]
        or ["–"]
    )


def _named(kind: Kind, slug: str) -> str:
    """The IRI of a slug; raises LensError if it makes none."""
    iri = NAMESPACES[kind] + slug
    try:
        return ox.NamedNode(iri).value
    except ValueError:
        raise LensError("“%(slug)s” is no name: an IRI cannot have it.", {"slug": slug}) from None


def in_store(store: ox.Store) -> Select:
    """Selects from a store in this process."""

    def select(query: str) -> Rows:
        found = store.query(query, base_iri=BASE)
        assert isinstance(found, ox.QuerySolutions)
        width = range(len(found.variables))
        return [tuple(str(getattr(row[n], "value", "")) for n in width) for row in found]

    return select
