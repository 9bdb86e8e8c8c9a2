"""Facets of the lists of things: who tells of them, how surely, in which article; shared by all such lists."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyoxigraph as ox

from kg.claims.lists import FACETS, Chosen, counts, restriction
from kg.language.messages import gettext_noop
from kg.views.footnotes import Footnote
from server.http.languages import translate
from server.http.site import Site
from server.pages.facets import (
    Chip,
    Naming,
    ShownFacet,
    by_certainty,
    chips,
    chosen_values,
    meant,
    shown_facets,
    unknown_choice,
)
from server.pages.filters import Filters

TITLES: Final = {
    "speaker": gettext_noop("Who says so"),
    "certainty": gettext_noop("How surely"),
    "article": gettext_noop("Article"),
}


@dataclass(frozen=True)
class Told:
    """What is chosen of these facets, by their names."""

    chosen: Chosen

    @property
    def pattern(self) -> str:
        """The graph pattern that leaves the ``?thing`` that fit; empty if nothing is chosen."""
        return restriction(self.chosen)

    def fits(self, note: Footnote) -> bool:
        """Whether one claim is what is chosen."""
        values = {"speaker": note.speaker, "certainty": note.modality, "article": note.article}
        return all(values[name] in chosen for name, chosen in self.chosen.items() if chosen)


@dataclass(frozen=True)
class ShownTold:
    """The facets to show with their counts, and what is chosen as chips."""

    facets: list[ShownFacet]
    chips: list[Chip]


class ToldFacets:
    """The facets of one list of a site; counts are kept for the version of the data."""

    def __init__(self, site: Site) -> None:
        self._site = site

        @lru_cache(maxsize=32)
        def counted(_version: str, pattern: str, chosen: tuple[tuple[str, ...], ...]) -> dict[str, Counter[str]]:
            return counts(site.reader, pattern, dict(zip(FACETS, chosen, strict=True)))

        self._counted = counted

    def asked(self, filters: Filters) -> Told:
        """What the request chooses; what is no choice is told in the problems of the filters."""
        found = dict[str, tuple[str, ...]]()
        for name in FACETS:
            means = {value: meant(name, value) for value in chosen_values(name)}
            for value, iri in means.items():
                if not self._is_known(name, iri):
                    filters.problems.append(unknown_choice(value, translate(TITLES[name])))
            found[name] = tuple(dict.fromkeys(means.values()))
        return Told(found)

    def _is_known(self, name: str, iri: str) -> bool:
        try:
            ox.NamedNode(iri)
        except ValueError:
            return False
        return self._site.claims.get().table.has(name, iri)

    def shown(self, pattern: str, told: Told) -> ShownTold:
        """The facets of the things that a pattern binds to ``?thing``, without the pattern of what is chosen."""
        chosen = {name: tuple(values) for name, values in told.chosen.items()}
        counted = self._counted(self._site.store.version, pattern, tuple(chosen.get(name, ()) for name in FACETS))
        facets = shown_facets(
            [(name, translate(TITLES[name]), False) for name in FACETS],
            counted,
            chosen,
            Naming(self._site.reader, {}),
            {"certainty": by_certainty},
        )
        return ShownTold(facets, chips(facets, ()))


NOTHING: Final = ShownTold([], [])
"""What a list shows whose request cannot be understood."""
