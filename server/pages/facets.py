"""Facets on a page: their choices with counts, what is chosen as chips, and the addresses that change it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import request

from kg.language.collation import key
from kg.language.labels import Label, labels
from kg.store.reader import Reader
from ontology import BASE
from ontology.namespaces import CODE, MODALITIES
from server.http.languages import PARAMETER, language, translate
from server.http.parameters import known

MORE: Final = "more"
"""The parameter that names the facet whose choices are all shown."""

SHOWN: Final = 8
"""How many choices of a facet a page shows at first."""

_NEARLY: Final = 12
"""With so many choices in all it shows them."""

MOST: Final = 400
"""How many it shows at most; words find the claims about others."""

_FOLDERS: Final[Mapping[str, str]] = {"certainty": "code/", "article": "source/"}
"""Where the things of a facet are below `BASE`, if not in ``id/``."""


@dataclass(frozen=True)
class Option:
    """A choice: its value in the address, its label, how many claims it leaves, and whether it is chosen."""

    value: str
    label: Label
    count: int
    chosen: bool


@dataclass(frozen=True)
class ShownFacet:
    """A facet of a page: its name in the address, its title, the choices shown and how many there are in all."""

    name: str
    title: str
    options: tuple[Option, ...]
    total: int
    narrows: bool = False

    @property
    def chosen(self) -> tuple[Option, ...]:
        """The options that are chosen."""
        return tuple(option for option in self.options if option.chosen)


@dataclass(frozen=True)
class Chip:
    """One thing that is chosen: the facet's title, the label, and the address of the page without it."""

    title: str
    label: Label
    without: str


def slug(facet: str, iri: str) -> str:
    """The value of a thing in an address: short for one of ours, else its IRI; of a word the word."""
    return iri.removeprefix(BASE + _FOLDERS.get(facet, "id/"))


def meant(facet: str, value: str) -> str:
    """The thing that a value in an address stands for: the inverse of `slug`, for facets of things."""
    return value if "://" in value else f"{BASE}{_FOLDERS.get(facet, 'id/')}{value}"


def chosen_values(name: str) -> tuple[str, ...]:
    """The values of a facet in the address, each once."""
    return tuple(dict.fromkeys(value for value in request.args.getlist(name) if value))


class Naming:
    """Labels of the values of facets, read once for all that a page shows.

    `words` has, by the names of facets whose values are words, what puts these into the reader's language.
    """

    def __init__(self, reader: Reader, words: Mapping[str, Callable[[str], str]]) -> None:
        self._reader = reader
        self._words = words
        self._names: dict[str, Label] = {}

    def read(self, values: Iterable[tuple[str, str]]) -> None:
        """Reads the labels of values, given with the names of their facets."""
        iris = {value for facet, value in values if facet not in self._words}
        self._names |= labels(self._reader, iris - self._names.keys(), language())

    def __call__(self, facet: str, value: str) -> Label:
        """The label of a value."""
        if facet in self._words:
            return Label(self._words[facet](value), language())
        return self._names[value]


def ranked(
    found: Counter[str], chosen: Sequence[str], order: Callable[[str], object] | None, *, every: bool
) -> list[str]:
    """The values of a facet to show: the most frequent, or in their own order, with the chosen ones in any case."""
    ordered = sorted(found, key=order or (lambda v: (-found[v], v)))  # type: ignore[arg-type]
    first = ordered[: MOST if every else SHOWN if len(ordered) > _NEARLY else _NEARLY]
    return [*(value for value in chosen if value not in first), *first]


def shown_facets(
    facets: Sequence[tuple[str, str, bool]],
    counts: Mapping[str, Counter[str]],
    chosen: Mapping[str, Sequence[str]],
    naming: Naming,
    orders: Mapping[str, Callable[[str], object]],
) -> list[ShownFacet]:
    """The facets of a page; `facets` are names, titles and whether several choices narrow.

    `counts` and `chosen` are of IRIs or words. One without choices is left out.
    """
    more = request.args.get(MORE, "")
    shown = {
        name: ranked(counts[name], chosen.get(name, ()), orders.get(name), every=name == more) for name, _, _ in facets
    }
    naming.read((name, value) for name, values in shown.items() for value in values)
    found = []
    for name, title, narrows in facets:
        options = [
            Option(slug(name, value), naming(name, value), counts[name][value], value in chosen.get(name, ()))
            for value in shown[name]
        ]
        if name == more:
            options.sort(key=lambda option: key(option.label.text))
        total = len({*counts[name], *chosen.get(name, ())})
        if options:
            found.append(ShownFacet(name, title, tuple(options), total, narrows))
    return found


def chips(facets: Iterable[ShownFacet], others: Iterable[tuple[str, str, str]]) -> list[Chip]:
    """What is chosen, in order; `others` are parameters that are no facets: names, titles and values."""
    found = [
        Chip(facet.title, option.label, link(without=(facet.name, option.value)))
        for facet in facets
        for option in facet.chosen
    ]
    found += [
        Chip(title, Label(value, language()), link(without=(name, value))) for name, title, value in others if value
    ]
    return found


def link(without: tuple[str, str] = ("", ""), **changes: str | int) -> str:
    """The address of the same list with some parameters changed, and one value of one left out; from its first page.

    Parameters that the list does not read are left out, and empty ones.
    """
    dropped = {*changes, *(() if "page" in changes else ("page",))}
    left_out = _in_short(*without)
    kept = [(k, v) for k, v in known() if v and k not in dropped and (k, _in_short(k, v)) != (without[0], left_out)]
    pairs = [*kept, *((k, str(v)) for k, v in changes.items() if v)]
    return f"?{urlencode(pairs, safe='/:')}" if pairs else request.path


def _in_short(name: str, value: str) -> str:
    """A value in the one form that stands for all its forms in addresses: a whole IRI, further spaces."""
    return slug(name, meant(name, " ".join(value.split())))


def file_link(path: str, **changes: str) -> str:
    """The address of a file of the list, of all its pages, with the same choices; in the language of the page."""
    dropped = {"page", MORE, PARAMETER, *changes}
    pairs = [(k, v) for k, v in known() if v and k not in dropped]
    pairs += [(k, v) for k, v in changes.items() if v]
    return f"{path}?{urlencode(pairs, safe='/:')}" if pairs else path


def unknown_choice(value: str, title: str) -> str:
    """The message about a value that is not among the choices."""
    message = translate("“%(value)s” is not among the choices of “%(filter)s”. Choose one of the list.")
    return message % {"value": value, "filter": title}


def by_certainty(iri: str) -> tuple[int, str]:
    """The sort key of a modality: the surest first."""
    name = iri.removeprefix(str(CODE))
    return (MODALITIES.index(name) if name in MODALITIES else len(MODALITIES)), iri
