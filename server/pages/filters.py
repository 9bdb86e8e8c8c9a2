"""The filters of lists: choices that a reader has, what was chosen, and what of it cannot be."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import request

from kg.language.alphabet import key
from kg.language.labels import Label, labels
from kg.store.reader import Reader
from ontology import BASE
from server.http.languages import translate

PAGE: Final = "page"
_WORDS: Final = 100
_LAST_PAGE: Final = 100_000


@dataclass(frozen=True)
class Choice:
    """One value of a filter: how it stands in the address, the IRI or word that it means, and its name."""

    value: str
    meaning: str
    label: Label


class Asked:
    """What a request asks of a list; `problems` says in the reader's language what in it cannot be."""

    def __init__(self, *orders: str) -> None:
        """`orders` are the words that ``sort=`` may have, the usual one first; a minus before one turns it round."""
        self.problems: list[str] = []
        self.sort = request.args.get("sort") or orders[0]
        if self.sort.removeprefix("-") not in orders:
            message = translate("The list cannot be sorted by “%(value)s”.")
            self.problems.append(message % {"value": self.sort})
            self.sort = orders[0]

    @property
    def order(self) -> str:
        """What the list is sorted by, whichever way round."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether the list is turned round."""
        return self.sort.startswith("-")

    def choice(self, name: str, title: str, choices: Iterable[Choice]) -> str:
        """The meaning of the value of a filter, empty where none is given; `title` is its name for the reader."""
        value = request.args.get(name, "")
        known = {choice.value: choice.meaning for choice in choices}
        if value and value not in known:
            message = translate("“%(value)s” is not among the choices of “%(filter)s”. Choose one of the list.")
            self.problems.append(message % {"value": value, "filter": title})
        return known.get(value, "")

    def words(self, name: str = "text") -> str:
        """The words to look for in names."""
        words = " ".join(request.args.get(name, "").split())
        if len(words) > _WORDS:
            message = translate("The words to look for are longer than %(most)s characters. Give fewer.")
            self.problems.append(message % {"most": _WORDS})
        return words[:_WORDS]

    def page(self) -> int:
        """The number of the page, 1 where none is given."""
        value = request.args.get(PAGE, "1")
        if value.isascii() and value.isdigit() and 0 < int(value[:7]) <= _LAST_PAGE:
            return int(value[:7])
        self.problems.append(translate("“%(value)s” is no number of a page. Pages count from 1.") % {"value": value})
        return 1

    @staticmethod
    def link(**changes: str | int) -> str:
        """The address of the same list with some of its fields changed; the empty text takes a field away."""
        kept = {k: v for k, v in request.args.items() if k not in changes and v}
        return "?" + urlencode(kept | {k: v for k, v in changes.items() if v})


def choices(reader: Reader, iris: Iterable[str], language: str, *, by_name: bool = True) -> list[Choice]:
    """Choices for things, by their names or in the order given."""
    wanted = list(iris)
    names = labels(reader, wanted, language)
    found = [Choice(value_of(iri), iri, names[iri]) for iri in wanted]
    return sorted(found, key=lambda choice: key(choice.label.text)) if by_name else found


def value_of(iri: str) -> str:
    """How a thing stands in an address: its slug if it is of ours, else its IRI."""
    for folder in ("id/", "code/", "ns#"):
        if iri.startswith(BASE + folder):
            return iri.removeprefix(BASE + folder)
    return iri
