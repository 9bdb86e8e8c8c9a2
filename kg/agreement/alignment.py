"""Which claims of two curations are two readings of one fact.

Claims that are told alike in all are **aligned** first. Of the others two are if their passages have a sentence in
common, they are similar enough (`kg.agreement.similarity`), and together all pairs are as similar as can be: a matching
of maximum weight in each paragraph, each claim in one pair at most, in which the same fact counts most. What is left is
aligned across passages if it tells the same fact.

An aligned pair tells the **same fact** if kind (class), the things talked of, and the core are equal: who and what is
in which relation, office, event or document, what a figure measures, its value and unit (all that is told of these
things but words and `kg.agreement.content.QUALIFIERS`; where a claim tells nothing else of them, these). It is
**identical** if all else is equal too: dates, qualifiers, topics, speaker, modality, passage, basis. Words (labels,
glosses, notes) and names of things (`kg.agreement.naming`) are no content.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kg.agreement.content import Content, read_content, told_classes
from kg.agreement.naming import Names, named_alike, named_by_place
from kg.agreement.sides import Side, article_of
from kg.agreement.similarity import LEAST, may_be_one, overlap, similarity, worth
from kg.checks.collection import local
from ontology import KelisimError

try:
    import networkx as nx
except ModuleNotFoundError as error:
    raise KelisimError(
        "Claims are aligned by networkx, which is not installed: pip install 'kelisim[agreement]'."
    ) from error

_ROUNDS = 3
"""Names of things tell which claims are the same, and these which things are: so often at most."""


@dataclass(frozen=True)
class Pair:
    """Two claims that are two readings of one fact."""

    a: Content
    b: Content

    @property
    def same_fact(self) -> bool:
        """Whether kind, things and core are equal."""
        return self.a.fact == self.b.fact

    @property
    def identical(self) -> bool:
        """Whether all is equal but words and names."""
        return self.same_fact and _all(self.a) == _all(self.b)


def _all(content: Content) -> tuple[object, ...]:
    claim = content.claim
    passage = claim.passage.name if claim.passage else ""
    return content.elements, content.speaker, content.modality, passage, record(content)


def record(content: Content) -> frozenset[tuple[str, str]]:
    """What the record of a claim tells beside passage, speaker, modality and words: basis, the curator's doubt."""
    known = {"passage", "speaker", "modality", "gloss", "note", "type", "confidenceReason"}
    return frozenset((local(s.predicate), s.value) for s in content.claim.record if local(s.predicate) not in known)


@dataclass(frozen=True)
class Alignment:
    """The pairs in reading order, the claims that only one side has, and the names that only differ.

    contents: what all claims of A, and all of B, tell, with the names of A.
    """

    pairs: tuple[Pair, ...]
    only_a: tuple[Content, ...]
    only_b: tuple[Content, ...]
    names: Names
    contents: tuple[tuple[Content, ...], tuple[Content, ...]]


def align(a: Side, b: Side) -> Alignment:
    """Aligns the claims of two sides."""
    names = named_alike(a, b)
    classes = told_classes(a, b)
    ours = [read_content(a, c, {}, classes) for c in a.claims]
    for _ in range(_ROUNDS):
        theirs = [read_content(b, c, names, classes) for c in b.claims]
        pairs = _told_alike(ours, theirs)
        pairs += _within_passages(*_left(ours, theirs, pairs))
        pairs += _across_passages(*_left(ours, theirs, pairs))
        found = named_by_place(a, b, [(x, y, similarity(x, y)) for x, y in pairs], names)
        if found == names:
            break
        names = found
    only_a, only_b = _left(ours, theirs, pairs)
    ordered = sorted(pairs, key=lambda p: (reading_order(p[0]), reading_order(p[1])))
    return Alignment(
        tuple(Pair(x, y) for x, y in ordered),
        tuple(sorted(only_a, key=reading_order)),
        tuple(sorted(only_b, key=reading_order)),
        names,
        (tuple(ours), tuple(theirs)),
    )


def reading_order(content: Content) -> tuple[str, int, int, int, str]:
    """Sorts claims by article, paragraph, sentence, number."""
    passage, (article, paragraph, number) = content.claim.passage, content.claim.numbered
    if passage:
        return passage.article, passage.paragraph, passage.first, number, content.claim.name
    return article, paragraph, 0, number, content.claim.name


Claims = list[Content]
Pairs = list[tuple[Content, Content]]


def _left(ours: Claims, theirs: Claims, pairs: Pairs) -> tuple[Claims, Claims]:
    first, second = {x.claim.name for x, _ in pairs}, {y.claim.name for _, y in pairs}
    return [x for x in ours if x.claim.name not in first], [y for y in theirs if y.claim.name not in second]


def _told_alike(ours: Sequence[Content], theirs: Sequence[Content]) -> Pairs:
    """Claims that are identical, those of one content by their numbers: no sum of other pairs outweighs these."""
    same: dict[tuple[object, ...], list[Content]] = defaultdict(list)
    for y in sorted(theirs, key=reading_order, reverse=True):
        same[y.fact, *_all(y)].append(y)
    found = ((x, same.get((x.fact, *_all(x)), [])) for x in sorted(ours, key=reading_order))
    return [(x, others.pop()) for x, others in found if others]


def _within_passages(ours: Sequence[Content], theirs: Sequence[Content]) -> Pairs:
    """Claims whose passages have a sentence in common, aligned paragraph by paragraph."""
    paragraphs: dict[tuple[str, int], list[Content]] = defaultdict(list)
    for y in theirs:
        paragraphs[reading_order(y)[:2]].append(y)
    edges = []
    for x in ours:
        for y in paragraphs[reading_order(x)[:2]]:
            if overlap(x, y) and may_be_one(x, y) and similarity(x, y) >= LEAST:
                edges.append((x, y, worth(x, y)))  # noqa: PERF401 - easier to read than one expression of three lines
    return _matching(edges)


def _across_passages(ours: Sequence[Content], theirs: Sequence[Content]) -> Pairs:
    """Claims of one article that tell the same fact in passages that have no sentence in common."""
    facts: dict[tuple[object, ...], list[Content]] = defaultdict(list)
    for y in theirs:
        facts[article_of(y.claim), *y.fact].append(y)
    edges = []
    for x in ours:
        for y in facts.get((article_of(x.claim), *x.fact), ()):
            distance = abs(reading_order(x)[1] - reading_order(y)[1])
            edges.append((x, y, worth(x, y) + 1 / (1 + distance)))
    return _matching(edges)


def _matching(edges: Iterable[tuple[Content, Content, float]]) -> Pairs:
    """The pairs of a matching of maximum weight, the same whatever the order of the edges."""
    graph: nx.Graph = nx.Graph()
    contents: dict[tuple[int, str], Content] = {}
    for x, y, weight in sorted(edges, key=lambda e: (e[0].claim.name, e[1].claim.name)):
        contents[0, x.claim.name], contents[1, y.claim.name] = x, y
        graph.add_edge((0, x.claim.name), (1, y.claim.name), weight=round(weight * 1_000_000))
    pairs = []
    for part in nx.connected_components(graph):
        own: nx.Graph = nx.Graph()  # not a view, whose order would be that of a set
        own.add_weighted_edges_from(sorted((*sorted(e[:2]), e[2]) for e in graph.edges(part, data="weight")))
        for one, other in nx.max_weight_matching(own):
            first, second = sorted((one, other))
            pairs.append((contents[first], contents[second]))
    return pairs
