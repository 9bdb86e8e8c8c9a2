"""How much two claims tell the same, from 0 to 1, and which may be two curators' readings of one fact."""

from typing import Final

from kg.agreement.content import DATES, Content
from kg.curation.passages import Passage

_CLASS, _SUBJECT, _CORE, _OTHER, _DATE = 2.0, 2.0, 2.0, 1.0, 0.5
"""What equal classes, things talked of, and statements count."""
_SAME_PROPERTY: Final = 0.25
"""The part of it that two statements count with the same property and different values."""
_SAME_FACT: Final = 1.0
"""What the same fact adds, so that it is not parted for two pairs that are only similar."""
_SOURCE: Final = 0.1
"""What the same speaker, modality and passage add each, to choose between claims that tell the same."""
LEAST: Final = 0.4
"""Claims less similar than this are never two readings of one fact."""


def similarity(one: Content, other: Content) -> float:
    """The Dice coefficient of what two claims tell, weighted: classes, things, statements; symmetric, from 0 to 1."""
    shared = _CLASS * (one.kind == other.kind) + _SUBJECT * len(one.subjects & other.subjects)
    for key, values in one.by_property.items():
        there = other.by_property.get(key)
        if there:
            both = sum(min(_weight(one, key, v), _weight(other, key, v)) for v in values & there)
            rest = min(len(values - there), len(there - values))
            shared += both + rest * _SAME_PROPERTY * min(_weight(one, key), _weight(other, key))
    return 2 * shared / (_size(one) + _size(other))


def _weight(content: Content, key: tuple[str, str], value: str | None = None) -> float:
    name = key[1]
    if name in DATES:
        return _DATE
    core = any(e[:2] == key and value in {None, e[2]} for e in content.core)
    return _CORE if core else _OTHER


def _size(content: Content) -> float:
    statements = sum(_weight(content, e[:2], e[2]) for e in content.elements)
    return _CLASS + _SUBJECT * len(content.subjects) + statements


def may_be_one(one: Content, other: Content) -> bool:
    """Whether two claims can be two readings of one fact: they tell the same property, or tell the same."""
    properties, others = ({name for _, name, _ in c.core} for c in (one, other))
    return bool(properties & others) or one.fact == other.fact


def overlap(one: Content, other: Content) -> float:
    """The part of the sentences of two passages that both have: 0 if none, 1 if they are the same.

    A claim that names no passage has the paragraph of its name.
    """
    a, b = _sentences(one), _sentences(other)
    if a[0] != b[0]:
        return 0.0
    if not a[1] or not b[1]:
        return 1.0 if a == b else 0.5
    return len(a[1] & b[1]) / len(a[1] | b[1])


def _sentences(content: Content) -> tuple[tuple[str, int], frozenset[int]]:
    passage = content.claim.passage
    if isinstance(passage, Passage):
        return (passage.article, passage.paragraph), frozenset(range(passage.first, passage.last + 1))
    article, paragraph, _ = content.claim.numbered
    return (article, paragraph), frozenset()


def worth(one: Content, other: Content) -> float:
    """How good it is to align two claims: the same fact, what they tell, who says it, how surely, where, their numbers.

    The weight of a pair in the matching, from 0 to 2.301; symmetric.
    """
    source = (one.speaker == other.speaker) + (one.modality == other.modality) + overlap(one, other)
    numbers = abs(one.claim.numbered[2] - other.claim.numbered[2])
    same = _SAME_FACT * (one.fact == other.fact)
    return same + similarity(one, other) + _SOURCE * source + 0.001 / (1 + numbers)
