"""The mark of what a script proposed and nobody has judged yet: while one is open, a file is a draft and no data.

It stands in comments, above what is proposed, and in literals that are to be filled in. Outside these it is not Turtle.
"""

from collections.abc import Iterable
from typing import Final

from ontology import KelisimError

MARK: Final = "[?]"
"""Whoever agrees deletes the mark (in a comment the whole line); whoever does not deletes what it stands above too."""

_IN_WORDS: Final = 10
"""So many open marks are told with what they say; of the others the lines."""


def open_marks(text: str) -> list[tuple[int, str]]:
    """The lines of a text that hold a mark, with what they say."""
    lines = ((number, line.strip().removeprefix("#").strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in lines if MARK in line]


def refuse_marks(files: Iterable[tuple[str, str]]) -> None:
    """Raises KelisimError, with file and line of each, if there are open marks in files, given as names and texts."""
    found = [(name, line, words) for name, text in files for line, words in open_marks(text)]
    if not found:
        return
    told = [f"{name}:{line}: {words}" for name, line, words in found[:_IN_WORDS]]
    others: dict[str, list[int]] = {}
    for name, line, _ in found[_IN_WORDS:]:
        others.setdefault(name, []).append(line)
    told += [f"{name}: and in lines {', '.join(map(str, lines))}" for name, lines in others.items()]
    told.append(
        f"What has an open mark {MARK} is a draft, of which no dataset is made: judge each proposal, correct or delete "
        "it, and delete its mark. `kelisim check` lists them too."
    )
    raise KelisimError("\n".join(told))
