"""The lenses of a store that were asked for last, each made when it is first asked for."""

from collections import OrderedDict
from dataclasses import replace
from typing import Final

import pyoxigraph as ox

from kg.lenses.building import LensTooLargeError, build_lens
from kg.lenses.names import Lens, LensError
from kg.lenses.selection import dates, in_store
from ontology import KelisimError
from ontology.iris import KEL

LENS_QUADS: Final = 10_000_000
"""The most quads of a lens; each costs some 340 bytes of memory."""

KEPT_QUADS: Final = 1_000_000
"""The quads that all lenses together may have; if the store has more than two thirds of these, one and a half times
as many as it."""

_NAMES: Final = 1_000
"""How many names are remembered, with the lens that each means or why it means none."""

_MODALITY: Final = ox.NamedNode(str(KEL.modality))


class MissingLensError(KelisimError):
    """The lens is not made yet, and this process makes none: another shall, of which this is a fork."""

    def __init__(self, lens: Lens) -> None:
        self.path = lens.path
        super().__init__(f"The lens {lens.path} is not ready yet.")


class Lenses:
    """The datasets of lenses over a store, in memory. They are forgotten when the store changes.

    builds: whether `get` makes a lens that is not kept, which takes seconds where the store is large.
    """

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self.builds = True
        self._kept: OrderedDict[Lens, ox.Store] = OrderedDict()
        self._meanings: OrderedDict[str, Lens | LensError | LensTooLargeError] = OrderedDict()
        self._dates: list[str] | None = None

    def get(self, lens: Lens) -> ox.Store:
        """The store of the lens's dataset.

        Raises LensError if there is no such source, speaker or modality, LensTooLargeError beyond `LENS_QUADS`, and
        MissingLensError.
        """
        meaning = self._meanings.get(lens.path)
        if isinstance(meaning, KelisimError):
            raise meaning
        if lens == Lens(everything=True) and not any(self._store.quads_for_pattern(None, _MODALITY, None, None)):
            return self._store
        kept = self._kept.get(meaning) if meaning else None
        if meaning and kept is not None:
            self._kept.move_to_end(meaning)
            return kept
        if not self.builds:
            raise MissingLensError(lens)
        return self._made(lens)

    def clear(self) -> None:
        """Forgets all, after a change of the store."""
        self._kept.clear()
        self._meanings.clear()
        self._dates = None

    def _made(self, lens: Lens) -> ox.Store:
        meaning = self._effective(lens)
        try:
            if meaning not in self._kept:
                self._kept[meaning] = build_lens(self._store, meaning, LENS_QUADS)
        except (LensError, LensTooLargeError) as error:
            self._meanings[lens.path] = error
            raise
        else:
            self._meanings[lens.path] = meaning
            self._kept.move_to_end(meaning)
            return self._kept[meaning]
        finally:
            self._forget_oldest()

    def _effective(self, lens: Lens) -> Lens:
        """The lens by the last day on which something was published, of all days between which nothing was."""
        if not lens.as_of:
            return lens
        if self._dates is None:
            self._dates = dates(in_store(self._store))
        return replace(lens, as_of=max((day for day in self._dates if day <= lens.as_of), default="0001-01-01"))

    def _forget_oldest(self) -> None:
        while len(self._meanings) > _NAMES:
            self._meanings.popitem(last=False)
        most = max(KEPT_QUADS, len(self._store) * 3 // 2)
        sizes = {lens: len(store) if store is not self._store else 0 for lens, store in self._kept.items()}
        while len(sizes) > 1 and sum(sizes.values()) > most:
            oldest, _ = self._kept.popitem(last=False)
            del sizes[oldest]
