"""A mistake made in every claim where it can be made: how many of them are told at their line."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from kg.checks.collection import Collection, collect, curated_texts
from kg.checks.examination import RULES, find_articles
from kg.curation.sources import ArticleText

Edit = Callable[[str, re.Match[str]], str]
_BLOCK: Final = re.compile(r"^claim:([\w-]+) \{.*?(?=^claim:[\w-]+ \{|\Z)", re.MULTILINE | re.DOTALL)


def swapped(_: str, match: re.Match[str]) -> str:
    """The last two letters change places."""
    return match[0][:-2] + match[0][-1] + match[0][-2]


def another(_: str, match: re.Match[str]) -> str:
    """A speaker who is quoted nowhere."""
    name = "id:xi-jinping" if "xi-jinping" not in match[0] else "id:joe-biden"
    return f"{match[1]} {name}"


def publisher(article: str, match: re.Match[str]) -> str:
    return "kel:speaker id:" + ("izvestia" if article == "izv24" else "the-moscow-post")


# What is replaced, by what, and how many of a hundred are told at least.
SWEEPS: Final[dict[str, tuple[str, Edit, int]]] = {
    "property misspelt": (r"kel:(?!Claim)[a-z]\w{5,}(?= )", swapped, 100),
    "value a thousand times as much": (r"kel:value \d+", lambda _, m: m[0] + "000", 90),
    "hedge lost": (r"code:bound-(?!exact)\w[\w-]*", lambda *_: "code:bound-exact", 80),
    "stated though inferred": (r"code:date-inferred", lambda *_: "code:date-stated", 90),
    "asserted though planned": (r"kel:modality code:planned", lambda *_: "kel:modality code:asserted", 80),
    "reported though possible": (r"modality code:(?:possible|expected)", lambda *_: "modality code:reported", 80),
    "another speaker": (r"(kel:speaker) id:(?!izvestia|the-moscow-post)[\w-]+", another, 95),
    "publisher for a speaker": (r"kel:speaker id:(?!izvestia|the-moscow-post)[\w-]+", publisher, 80),
}  # fmt: skip


@pytest.fixture(scope="module")
def articles_read(articles: Path) -> Mapping[str, ArticleText]:
    return find_articles(collect(curated_texts()), articles)[0]


def told(collection: Collection, lines: Mapping[str, int]) -> set[str]:
    """The claims of which something is told at the line of the mistake."""
    found = (f for rule in RULES for f in rule(collection, collection.claims))
    return {f.claim for f in found if lines.get(f.claim) == f.line}


@pytest.mark.parametrize("name", SWEEPS)
def test_mistakes_are_told_wherever_they_are_made(name: str, articles_read: Mapping[str, ArticleText]) -> None:
    pattern, edit, least = SWEEPS[name]
    texts, lines = curated_texts(), dict[str, int]()
    for article in articles_read:
        file = f"claims/{article}.trig"
        text = texts[file]
        for block in [*_BLOCK.finditer(text)]:  # no edit adds or takes away a line, or changes the lines before it
            match = re.search(pattern, block[0])
            changed = edit(article, match) if match else ""
            if match and changed != match[0]:
                line = text.count("\n", 0, block.start() + match.start()) + 1
                lines[block[1]] = line
        parts, end = [], 0
        for block in _BLOCK.finditer(text):
            parts += [text[end : block.start()], re.sub(pattern, partial(edit, article), block[0], count=1)]
            end = block.end()
        texts[file] = "".join([*parts, text[end:]])
    assert len(lines) >= 7
    found = told(collect(texts, articles_read), lines)
    assert len(found) * 100 >= least * len(lines), f"{len(found)} of {len(lines)}: {sorted({*lines} - found)}"


@pytest.mark.parametrize("step", [1, -1])
def test_claims_that_cite_the_sentence_beside_theirs_are_told(
    step: int, articles_read: Mapping[str, ArticleText]
) -> None:
    texts = curated_texts()
    right = {c.name: c.passage for c in collect(texts).claims}
    for name, article in articles_read.items():
        file = f"claims/{name}.trig"
        texts[file] = re.sub(
            r"(kel:passage src:\w+-p)(\d+)-s(\d+)(?:-(\d+))?", partial(beside, article, step), texts[file]
        )
    collection = collect(texts, articles_read)
    moved = {c.name for c in collection.claims if c.passage != right[c.name]}
    assert len(moved) >= 250
    found = {f.claim for rule in RULES for f in rule(collection, collection.claims) if f.rule not in {"passage"}}
    assert len(moved & found) * 100 >= 70 * len(moved), f"{len(moved & found)} of {len(moved)}"


def beside(article: ArticleText, step: int, match: re.Match[str]) -> str:
    """The passage so many sentences further on, if the paragraph has such."""
    count = len(article.sentences(article.paragraph(int(match[2]))))
    first, last = int(match[3]) + step, int(match[4] or match[3]) + step
    span = f"{first}-{last}" if match[4] else str(first)
    return f"{match[1]}{match[2]}-s{span}" if first >= 1 and last <= count else match[0]
