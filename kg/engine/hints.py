"""What an answer lacks: facts told with less certainty, and names that are not in the data."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.engine.guard import tokens
from kg.engine.merging import MERGED_QUADS, Merge, Name
from kg.engine.names import LABELS, KnownNames, unknown_names
from kg.engine.patterns import TriplePattern, triple_patterns
from kg.engine.rewriting import rewrite
from ontology import BASE
from ontology.iris import CODE, KEL

if TYPE_CHECKING:
    from kg.rdf.patches import Patch

_MODALITY: Final = ox.NamedNode(str(KEL.modality))
_HEDGED: Final = tuple(ox.NamedNode(str(CODE[name])) for name in ("expected", "possible", "denied"))

_TERMS_QUADS: Final = 50_000
"""The most quads of hedged claims whose terms are kept."""

_NAMED_QUADS: Final = 100_000
"""The most quads of a store in which similar names are looked for: each process reads its labels after changes."""


class _Terms:
    """The IRIs that some quads have in each place of a triple: most patterns are known by them to match none."""

    def __init__(self) -> None:
        self._places: tuple[set[str | None], set[str | None], set[str | None]] = {None}, {None}, {None}

    @classmethod
    def of(cls, store: ox.Store, graphs: Iterable[Name]) -> "_Terms | None":
        """Those of some graphs; None if these have more than `_TERMS_QUADS`."""
        quads = chain.from_iterable(store.quads_for_pattern(None, None, None, graph) for graph in graphs)
        found = cls()
        found.add(islice(quads, _TERMS_QUADS))
        return found if next(quads, None) is None else None

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Adds the IRIs of quads."""
        for quad in quads:
            for place, term in zip(self._places, quad, strict=False):
                if isinstance(term, ox.NamedNode):
                    place.add(term.value)

    def match(self, pattern: TriplePattern) -> bool:
        """Whether a pattern may match one of the quads."""
        subjects, predicates, objects = self._places
        return pattern.subject in subjects and pattern.predicate in predicates and pattern.object in objects


class Hints:
    """Tells what queries over a store miss. It needs a second store in memory, of at most `MERGED_QUADS` quads."""

    def __init__(self, store: ox.Store, *, on_disk: bool = False) -> None:
        """Over a store; one `on_disk` is only passed by while it is loaded, and is too slow to be read whole."""
        self._store = store
        self._on_disk = on_disk
        self._hedged: Merge | None = None
        self._names: KnownNames | None = None
        self._unnamed = False
        """Whether there is too much to look for similar names."""
        self._large = False
        """Whether there is too much for a second store; that is not found out again at each change."""
        self.copy: Callable[[], ox.Store | None] = lambda: None
        """Gives a store to make the second one of, once, where there is one: a copy, or the store itself where nobody
        reads it afterwards."""
        self._added = 0
        """How many quads patches have added since the second store was made."""
        self._more: _Terms | None = None
        """The terms of what the second store tells more, or also of what it told; None if they are too many."""

    def prepare(self) -> None:
        """Makes the second store and reads the labels, before processes are forked, so that they share them."""
        if not self._on_disk:
            self._prepare_hedged()
            self._known()

    def clear(self) -> None:
        """Forgets all, after a change that no patch tells."""
        self._hedged, self._names, self._more = None, None, None

    def apply(self, patch: "Patch") -> None:
        """Follows a patch that was applied to the store."""
        if any(quad.predicate in LABELS for quad in (*patch.deletes, *patch.adds)):
            self._names = None
        if self._hedged is None or self._large:
            return
        self._added += len(patch.adds)
        if (
            self._added > MERGED_QUADS // 10 or not self._hedged.default
        ):  # it may now be too large, or have a first claim
            self._hedged, self._more, self._added = None, None, 0
            self._prepare_hedged()
            return
        self._hedged.apply(patch, self._store)
        if self._more:
            default, claims = ox.DefaultGraph(), self._hedged.default
            self._more.add(q for q in patch.adds if q.graph_name != default and q.graph_name in claims)
        for claim in {q.subject for q in (*patch.deletes, *patch.adds) if q.predicate == _MODALITY}:
            if not isinstance(claim, ox.NamedNode):
                continue
            hedged = any(ox.Quad(claim, _MODALITY, code, ox.DefaultGraph()) in self._store for code in _HEDGED)
            if hedged and claim not in self._hedged.default:
                self._hedged.include(claim, self._store)
                if self._more:
                    self._more.add(self._store.quads_for_pattern(None, None, None, claim))
            elif not hedged and claim in self._hedged.default:
                self._hedged.exclude(claim, self._store)

    def hedged_rows(self, query: str) -> int:
        """How many more solutions a query would have if it saw what is told as expected, possible or denied too.

        That is in its patterns outside GRAPH, which sees it anyway. For an aggregate, how many that are new or differ.
        0 where that cannot be told: the query names its dataset or other endpoints, or there is too much.
        """
        if self._more and (patterns := triple_patterns(query)) is not None and not any(map(self._more.match, patterns)):
            return 0
        words = {token["word"].upper() for token in tokens(query) if token["word"]}
        if words & {"FROM", "SERVICE"} or self._on_disk or (self._hedged and not self._hedged.default):
            return 0
        text, limited = rewrite(query), "LIMIT" in words
        try:
            known = _solutions(self._store.query(text, base_iri=BASE), only_counted=limited)
            if not self._prepare_hedged():  # which may change the store
                return 0
            assert self._hedged
            told = _solutions(self._hedged.store.query(text, base_iri=BASE), only_counted=limited)
        except (OSError, RuntimeError, ValueError, SyntaxError):  # told when the query itself was evaluated
            return 0
        return max(0, told.total() - known.total()) if limited else (told - known).total()

    def unknown_names(self, query: str) -> dict[str, list[str]]:
        """The names in a query that do not occur in the data, with similar ones that do (see `kg.engine.names`).

        With none beyond `_NAMED_QUADS`.
        """
        found = unknown_names(query, self._store)
        known = self._known() if found and not self._on_disk else None
        return known.similar(found) if known else {name: [] for name in found}

    def _hedged_claims(self) -> list[ox.NamedNode]:
        found = (self._store.quads_for_pattern(None, _MODALITY, code, ox.DefaultGraph()) for code in _HEDGED)
        return [q.subject for quads in found for q in quads if isinstance(q.subject, ox.NamedNode)]

    def _prepare_hedged(self) -> bool:
        """Merges the default graph and the claims whose facts are not in it; whether there are such claims."""
        if self._hedged is None:
            claims = self._hedged_claims()
            self._large = bool(claims) and len(self._store) > MERGED_QUADS
            merged: list[Name] = [ox.DefaultGraph(), *claims] if claims and not self._large else []
            self._hedged = Merge(self._store, merged, None if merged else [], self.copy() if merged else None)
            self._more = _Terms.of(self._store, merged[1:])
        return bool(self._hedged.default)

    def _known(self) -> KnownNames | None:
        if self._names is None and not self._unnamed:
            self._unnamed = len(self._store) > _NAMED_QUADS
            self._names = None if self._unnamed else KnownNames(self._store)
        return self._names


def _solutions(result: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples, *, only_counted: bool) -> Counter[object]:
    """The solutions with their multiplicities, or without a difference; a boolean is one solution or none."""
    if isinstance(result, ox.QueryBoolean):
        return Counter([()] if result else [])
    if isinstance(result, ox.QueryTriples):
        return Counter(set(result))
    return Counter({None: sum(1 for _ in result)} if only_counted else (tuple(row) for row in result))
