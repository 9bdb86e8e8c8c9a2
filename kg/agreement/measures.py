"""How well two curations agree, in numbers."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kg.agreement.alignment import Alignment
from kg.agreement.content import Content
from kg.agreement.nominal import nominal_alpha
from kg.agreement.sides import Side
from kg.agreement.unitising import united, unitising_alpha
from kg.curation.passages import Passage
from kg.curation.sources import ArticleText


@dataclass(frozen=True)
class Overlap:
    """Claims that both sides have, of those of each; shares are in [0, 1], None where nothing is divided by.

    matched: the pairs that count. a, b: the number of claims of each side.
    """

    matched: int
    a: int
    b: int

    @property
    def in_a(self) -> float | None:
        """Of the claims of A, the share that B has: the recall of B if A is held right, the precision of A if B is."""
        return self.matched / self.a if self.a else None

    @property
    def in_b(self) -> float | None:
        """Of the claims of B, the share that A has: the precision of B if A is held right."""
        return self.matched / self.b if self.b else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall, 2 * matched / (a + b): the same whichever side is held right."""
        return 2 * self.matched / (self.a + self.b) if self.a + self.b else None


@dataclass(frozen=True)
class Alpha:
    """Krippendorff's alpha, at most 1, over so many units; None where it is not defined (nothing varies, no units)."""

    value: float | None
    units: int


@dataclass(frozen=True)
class Measures:
    """The measures of agreement.

    aligned: claims that both have a reading of, alike or not. same_fact, identical: those of them that tell the same as
    `kg.agreement.alignment` says.
    speaker, modality, kind, code: nominal alpha over the aligned pairs. `kind` is the class of the main thing, `code`
    its ``kel:kind``, "" where it has none.
    passages: alpha of unitising over the sentences (`continuum` of them), the units being the passages of a curator,
    those that overlap made one. passages_by_kind: the same, the passages of each kind of claim being a category.
    complete: whether the continuum is all sentences of the articles; else, without their texts, it is those up to the
    last that either side names in each paragraph.
    """

    aligned: Overlap
    same_fact: Overlap
    identical: Overlap
    speaker: Alpha
    modality: Alpha
    kind: Alpha
    code: Alpha
    passages: Alpha
    passages_by_kind: Alpha
    continuum: int
    complete: bool


def measure(a: Side, b: Side, alignment: Alignment) -> Measures:
    """The measures of an alignment of two sides."""
    pairs = alignment.pairs

    def nominal(value: Callable[[Content], str]) -> Alpha:
        return Alpha(nominal_alpha([(value(p.a), value(p.b)) for p in pairs]), len(pairs))

    sides = alignment.contents
    starts, continuum, complete = _continuum(a, b, sides)
    one, by_kind = _units(sides, starts)
    return Measures(
        aligned=Overlap(len(pairs), len(a.claims), len(b.claims)),
        same_fact=Overlap(sum(p.same_fact for p in pairs), len(a.claims), len(b.claims)),
        identical=Overlap(sum(p.identical for p in pairs), len(a.claims), len(b.claims)),
        speaker=nominal(lambda c: c.speaker),
        modality=nominal(lambda c: c.modality),
        kind=nominal(lambda c: c.kind),
        code=nominal(kind_code),
        passages=Alpha(unitising_alpha(one, continuum), _count(one)),
        passages_by_kind=Alpha(unitising_alpha(by_kind, continuum), _count(by_kind)),
        continuum=continuum,
        complete=complete,
    )


def kind_code(content: Content) -> str:
    """The codes of ``kel:kind`` that a claim tells, joined."""
    return " ".join(sorted({value for _, name, value in content.elements if name == "kind"}))


Paragraph = tuple[str, int]
Spans = dict[str, tuple[list[tuple[int, int]], list[tuple[int, int]]]]


def _continuum(a: Side, b: Side, sides: Sequence[Sequence[Content]]) -> tuple[dict[Paragraph, int], int, bool]:
    """Where each paragraph starts on the continuum of sentences, how long that is, and whether it is complete."""
    last: dict[Paragraph, int] = defaultdict(int)
    known = {**b.collection.texts, **a.collection.texts}
    texts = {name: known[name] for name in a.articles if name in known}
    for name, text in texts.items():
        last.update(_sentences(name, text))
    for passage in (c.claim.passage for contents in sides for c in contents):
        if passage:
            place = passage.article, passage.paragraph
            last[place] = max(last[place], passage.last)
    starts, position = {}, 0
    for place in sorted(last):
        starts[place] = position
        position += last[place]
    return starts, position, bool(a.articles) and texts.keys() == a.articles


def _sentences(name: str, text: ArticleText) -> dict[Paragraph, int]:
    return {(name, p.number): len(text.sentences(p)) for p in text.paragraphs}


def _units(sides: Sequence[Sequence[Content]], starts: dict[Paragraph, int]) -> tuple[Spans, Spans]:
    """The units of both sides on the continuum: in one category, and with a category for each kind."""
    spans: Spans = {"": ([], [])}
    for side, contents in enumerate(sides):
        for content in contents:
            if passage := content.claim.passage:
                spans[""][side].append(_span(passage, starts))
                spans.setdefault(content.kind or "-", ([], []))[side].append(_span(passage, starts))
    made = {name: (united(a), united(b)) for name, (a, b) in spans.items()}
    return {"": made.pop("")}, made


def _span(passage: Passage, starts: dict[Paragraph, int]) -> tuple[int, int]:
    return starts[passage.article, passage.paragraph] + passage.first - 1, passage.last - passage.first + 1


def _count(categories: Spans) -> int:
    return sum(len(units) for observers in categories.values() for units in observers)
