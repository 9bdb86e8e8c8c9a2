"""The filters of lists: their choices, the values of a request, and validation messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import request

from kg.language.collation import key
from kg.language.labels import Label, labels
from kg.store.reader import Reader
from ontology import BASE
from server.http.languages import PARAMETER, translate
from server.http.parameters import known

PAGE: Final = "page"
_WORDS: Final = 100
_LAST_PAGE: Final = 100_000


@dataclass(frozen=True)
class Choice:
    """One value of a filter: its form in the URL, the IRI or word that it stands for, and its label."""

    value: str
    meaning: str
    label: Label


class Filters:
    """The filters, order and page number of a list request; `problems` has a translated message per invalid value."""

    def __init__(self, *orders: str) -> None:
        """`orders` are the values of ``sort=``, the default first; a leading minus means descending."""
        self.problems: list[str] = []
        self.sort = request.args.get("sort") or orders[0]
        if self.sort.removeprefix("-") not in orders:
            message = translate("The list cannot be sorted by “%(value)s”.")
            self.problems.append(message % {"value": self.sort})
            self.sort = orders[0]

    @property
    def order(self) -> str:
        """The sort key, without its direction."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether the order is descending."""
        return self.sort.startswith("-")

    def choice(self, name: str, title: str, choices: Iterable[Choice]) -> str:
        """The meaning of the chosen value of a filter, empty if there is none; `title` is its name in messages."""
        value = request.args.get(name, "")
        known = {choice.value: choice.meaning for choice in choices}
        if value and value not in known:
            message = translate("“%(value)s” is not among the choices of “%(filter)s”. Choose one of the list.")
            self.problems.append(message % {"value": value, "filter": title})
        return known.get(value, "")

    def words(self, name: str = "text") -> str:
        """The words to search for in names, at most 100 characters."""
        words = " ".join(request.args.get(name, "").split())
        if len(words) > _WORDS:
            message = translate("The words to look for are longer than %(most)s characters. Give fewer.")
            self.problems.append(message % {"most": _WORDS})
        return words[:_WORDS]

    def page(self) -> int:
        """The page number, 1 by default."""
        value = request.args.get(PAGE, "1")
        if value.isascii() and value.isdigit() and 0 < int(value[:7]) <= _LAST_PAGE:
            return int(value[:7])
        self.problems.append(translate("“%(value)s” is no number of a page. Pages count from 1.") % {"value": value})
        return 1

    @property
    def given(self) -> bool:
        """Whether anything is asked for but the whole list."""
        return bool({name for name, _ in known()} - {PARAMETER, PAGE})

    @staticmethod
    def link(**changes: str | int) -> str:
        """The URL of the same list with some parameters changed; an empty value removes a parameter.

        Parameters that the list does not read are left out.
        """
        kept = [(k, v) for k, v in known() if k not in changes and v]
        return "?" + urlencode([*kept, *((k, v) for k, v in changes.items() if v)])


def choices(reader: Reader, iris: Iterable[str], language: str, *, by_name: bool = True) -> list[Choice]:
    """Choices for IRIs, sorted by name or in the order given."""
    wanted = list(iris)
    names = labels(reader, wanted, language)
    found = [Choice(value_of(iri), iri, names[iri]) for iri in wanted]
    return sorted(found, key=lambda choice: key(choice.label.text)) if by_name else found


def value_of(iri: str) -> str:
    """The value of an IRI in a URL: its slug if it is below `BASE`, else the IRI."""
    for folder in ("id/", "code/", "ns#"):
        if iri.startswith(BASE + folder):
            return iri.removeprefix(BASE + folder)
    return iri
