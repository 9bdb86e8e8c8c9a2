"""What `kelisim draft` proposed and nobody has judged: marks in comments above claims, and in texts to be filled in.

A claim that is kept was judged: its marks go. One that is discarded goes with them.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from kg.curation.marks import MARK
from kg.curation.writing import ClaimsFile
from ontology.namespaces import CLAIM
from server.workbench.forms import ClaimForm, Row, Value

_REMARK: Final = re.compile(rf"^# {re.escape(MARK)} ?(.*)\n", re.MULTILINE)
_SENTENCE: Final = re.compile(r"p(\d+)-s(\d+):")


@dataclass(frozen=True)
class Remark:
    """A comment with a mark: its words, and where its line begins and ends."""

    words: str
    start: int
    end: int


def above(file: ClaimsFile, name: str) -> list[Remark]:
    """The remarks directly above a claim."""
    start = min(place.start for place in file.of(str(CLAIM) + name))
    found: list[Remark] = []
    for match in reversed([*_REMARK.finditer(file.text, 0, start)]):
        if match.end() != (found[0].start if found else start):
            break
        found.insert(0, Remark(match[1], match.start(), match.end()))
    return found


def alone(file: ClaimsFile) -> dict[tuple[int, int], list[Remark]]:
    """The remarks above no claim, by paragraph and sentence: what was recognised where nothing is proposed."""
    starts = {place.start for name in file.claims for place in file.of(str(CLAIM) + name)}
    found: dict[tuple[int, int], list[Remark]] = {}
    group: list[Remark] = []
    for match in _REMARK.finditer(file.text):
        if group and group[-1].end != match.start():
            group = []
        group.append(Remark(match[1], match.start(), match.end()))
        following = file.text[match.end() :]
        ends = not following.startswith(f"# {MARK}")
        sentence = _SENTENCE.match(group[0].words)
        if ends and match.end() not in starts and sentence:
            found[int(sentence[1]), int(sentence[2])] = group
    return found


def judged(file: ClaimsFile, remarks: list[Remark]) -> ClaimsFile:
    """The file without some remarks."""
    text = file.text
    for remark in sorted(remarks, key=lambda r: -r.start):
        before, after = text[: remark.start], text[remark.end :]
        standing_alone = before.endswith("\n\n") and (not after or after.startswith("\n"))
        text = before + (after.removeprefix("\n") if standing_alone else after)
    return replace(file, text=text)


def is_open(file: ClaimsFile, name: str) -> bool:
    """Whether a claim has a mark above or in it."""
    return bool(above(file, name)) or any(MARK in file.text[p.start : p.end] for p in file.of(str(CLAIM) + name))


def unmarked(form: ClaimForm, name: str) -> ClaimForm:
    """A form without marks in its texts, which are to be filled in, and without names that are those of the claim."""
    proposed = [t.name for t in form.things if t.name.endswith(f"-{name}")]
    things = tuple(replace(t, name="" if t.name in proposed else t.name, rows=_unmarked(t.rows)) for t in form.things)
    return replace(form, things=things, record=_unmarked(form.record))


def _unmarked(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    found = []
    for row in rows:
        values = tuple(Value(v.text.replace(MARK, "").strip(), v.language) for v in row.values)
        if kept := tuple(v for v in values if v.text):
            found.append(Row(row.property, kept))
    return tuple(found)
