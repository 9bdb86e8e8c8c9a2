"""Changes a store, and tells afterwards what changed since it began."""

import pyoxigraph as ox

from kg.rdf.patches import Patch, diff


class Recorder:
    """Changes a store quad by quad, from a state to which a patch was applied already."""

    def __init__(self, store: ox.Store, patch: Patch) -> None:
        self.store = store
        self._header = patch.header
        self._held = dict.fromkeys(patch.deletes, True) | dict.fromkeys(patch.adds, False)

    def held(self, quad: ox.Quad) -> bool:
        """Whether the store held the quad before the patch."""
        found = self._held.get(quad)
        return quad in self.store if found is None else found

    def add(self, quad: ox.Quad) -> None:
        """Adds a quad."""
        self._held.setdefault(quad, quad in self.store)
        self.store.add(quad)

    def remove(self, quad: ox.Quad) -> None:
        """Removes a quad."""
        self._held.setdefault(quad, quad in self.store)
        self.store.remove(quad)

    @property
    def touched(self) -> set[ox.Triple]:
        """The triples of the quads that the patch or this changed, perhaps back again."""
        return {quad.triple for quad in self._held}

    def patch(self) -> Patch:
        """What changed in all, the given patch included."""
        before = {quad for quad, held in self._held.items() if held}
        return diff(before, {quad for quad in self._held if quad in self.store}, self._header)
