"""What is told of a lens: what it is in words, how many claims it selects, and by what it may be narrowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kg.language.labels import Label, labels
from kg.language.messages import Translate, gettext_noop
from kg.lenses.names import KINDS, Kind, Lens
from kg.lenses.selection import NAMESPACES, Rows, check, claims_query, counts_query
from kg.store.reader import Reader
from ontology.namespaces import MODALITIES

CHOICES: Final = 50
"""The most values of a kind, those with most claims, by which a lens is shown to be narrowed."""

_MOST_VALUES: Final = 100_000

_PHRASES: Final[dict[Kind, str]] = {
    "as-of": gettext_noop("published by %(what)s"),
    "source": gettext_noop("source: %(what)s"),
    "speaker": gettext_noop("speaker: %(what)s"),
    "modality": gettext_noop("modality: %(what)s"),
}


@dataclass(frozen=True)
class Choice:
    """A lens that may be chosen: by a value with its label, and how many claims it selects."""

    lens: Lens
    value: str
    label: Label
    claims: int


def count(reader: Reader, lens: Lens) -> int:
    """The number of claims; raises LensError if there is no such source, speaker or modality."""
    (row,) = reader.rows(f"SELECT (COUNT(*) AS ?n) WHERE {{ {{ {claims_query(lens)} }} }} LIMIT 1")
    found = int(str(row["n"].value))
    if not found:
        check(lens, lambda query: _rows(reader, query, "value"))
    return found


def narrower(reader: Reader, lens: Lens, language: str, most: int = CHOICES) -> dict[Kind, list[Choice]]:
    """The lenses that select by one thing more, of those that select anything, by kind.

    Dates are those on which something was published, the latest first; of others those with most claims come first.
    """
    found = {kind: choices for kind in KINDS if kind not in lens.parts and (choices := _choices(reader, lens, kind))}
    iris = {NAMESPACES[kind] + value for kind, some in found.items() for value, _ in some[:most] if kind != "as-of"}
    named = labels(reader, iris, language)

    def choice(kind: Kind, value: str, claims: int) -> Choice:
        label = Label(value) if kind == "as-of" else named[NAMESPACES[kind] + value]
        return Choice(lens.narrowed(kind, value), value, label, claims)

    return {kind: [choice(kind, value, n) for value, n in some[:most]] for kind, some in found.items()}


def wider(lens: Lens) -> list[Lens]:
    """The lenses that select by one thing less."""
    found = [lens.narrowed(kind, "") for kind in lens.parts]
    return [each for each in found if each.path]


def names(reader: Reader, lens: Lens, language: str) -> dict[Kind, Label]:
    """What the values of a lens are called; dates as they are."""
    iris = {kind: NAMESPACES[kind] + value for kind, value in lens.parts.items() if kind != "as-of"}
    found = labels(reader, iris.values(), language)
    return {kind: found[iris[kind]] if kind in iris else Label(value) for kind, value in lens.parts.items()}


def in_words(lens: Lens, called: Mapping[Kind, str | Label], translate: Translate) -> str:
    """The lens in words, by what its values are called."""
    if not lens.parts:
        return translate(gettext_noop("All claims, however surely told"))
    phrases = [translate(_PHRASES[kind]) % {"what": called[kind]} for kind in lens.parts]
    if lens.everything and not lens.modality:
        phrases.append(translate(gettext_noop("however surely told")))
    return f"{translate(gettext_noop('Claims'))}: {'; '.join(phrases)}"


def _choices(reader: Reader, lens: Lens, kind: Kind) -> list[tuple[str, int]]:
    """The values of one kind, with how many claims a lens by each has."""
    rows = _rows(reader, counts_query(lens, kind), "value", "claims")
    if kind == "as-of":
        until, found = 0, []
        for day, more in sorted((day, int(n)) for day, n in rows):
            until += more
            found.append((day, until))
        return found[::-1]
    namespace = NAMESPACES[kind]
    counted = [(iri.removeprefix(namespace), int(n)) for iri, n in rows if iri.startswith(namespace)]
    if kind == "modality":
        return sorted(counted, key=lambda each: MODALITIES.index(each[0]) if each[0] in MODALITIES else len(MODALITIES))
    return sorted(counted, key=lambda each: (-each[1], each[0]))


def _rows(reader: Reader, query: str, *variables: str) -> Rows:
    rows = reader.rows(f"{query} LIMIT {_MOST_VALUES}")
    return [tuple(str(row[name].value) for name in variables) for row in rows]
