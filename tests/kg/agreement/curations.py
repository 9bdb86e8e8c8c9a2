"""Two curations made from the claims of an article by changes that are known."""

import re
from collections.abc import Callable
from pathlib import Path

from kg.agreement.comparison import Comparison, compare
from kg.checks.collection import curated_texts
from kg.curation.writing import ClaimsFile

Edit = Callable[[str], str]


def claims_of(article: str) -> str:
    """The claims of an article as they are curated."""
    return curated_texts()[f"claims/{article}.trig"]


def block_of(text: str, name: str) -> str:
    """The text of a claim: its graph and its record."""
    places = ClaimsFile.read(text, "claims/x.trig").of(f"https://w3id.org/kelisim/claim/{name}")
    return text[min(p.start for p in places) : max(p.end for p in places)]


def changed(text: str, name: str, old: str, new: str) -> str:
    """The text with one change inside a claim."""
    block = block_of(text, name)
    assert block.count(old) == 1, (name, old, block)
    return text.replace(block, block.replace(old, new))


def without(text: str, names: list[str]) -> str:
    """The text without some claims."""
    file = ClaimsFile.read(text, "claims/x.trig")
    dropped = {f"https://w3id.org/kelisim/claim/{name}" for name in names}
    return file.cut([place for place in file.places if place.subject in dropped]).text


def shuffled(text: str, order: Callable[[list[str]], list[str]]) -> str:
    """The text with its claims in another order, under their names."""
    names = [*ClaimsFile.read(text, "claims/x.trig").claims]
    head = re.split(r"^# Paragraph", text, maxsplit=1, flags=re.MULTILINE)[0]
    return head + "\n\n".join(block_of(text, name) for name in order(names)) + "\n"


def both(folder: Path, a: str, b: str, article: str = "izv24", articles: Path | None = None) -> Comparison:
    """The comparison of two files of claims over the curated files that they share."""
    return compare(write(folder, "a", a, article), write(folder, "b", b, article), articles=articles)


def write(folder: Path, side: str, text: str, article: str = "izv24") -> Path:
    """Writes the file of claims of a side."""
    path = folder / side / f"{article}.trig"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
