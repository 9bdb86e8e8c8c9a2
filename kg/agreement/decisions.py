"""The file in which a curator decides differences: TOML with one table for each, to be filled in with any editor.

    [[difference]]
    # told otherwise; speaker: A Kremlin; B Izvestia
    a = ["izv24-p11-10"]
    b = ["izv24-p11-10"]
    take = "A"

`take` is "A", "B", "both" or "neither"; empty while it is not decided. Of a claim that only one side has, the other
takes nothing. A line ``speaker = "B"`` or ``modality = "B"`` beside ``take = "A"`` takes that from the other side,
where each has one claim. ``[[name]]`` says for a thing with two names which of them stays, that of A unless it is
changed.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kg.agreement.comparison import Comparison
from kg.agreement.differences import Difference
from ontology import KelisimError
from ontology.namespaces import shorten

TAKES: Final = ("A", "B", "both", "neither")
PARTS: Final = ("speaker", "modality")
"""What may be taken from the other side than the rest of the claim."""
_TABLE: Final = re.compile(r"^\s*\[\[\s*(\w+)\s*\]\]")

Key = tuple[tuple[str, ...], tuple[str, ...]]
"""The names of the claims of a difference, of A and of B; or the identifiers of a thing."""


@dataclass(frozen=True)
class Decision:
    """What is taken, and the line of the file that says so; `parts` are those of `PARTS` that the other side gives."""

    take: str
    line: int
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decisions:
    """The decisions of a file on differences and on names; `file` is for messages."""

    file: str = ""
    differences: Mapping[Key, Decision] = field(default_factory=dict)
    names: Mapping[Key, Decision] = field(default_factory=dict)


def key_of(difference: Difference) -> Key:
    """What a difference is found by in a file of decisions."""
    return tuple(c.name for c in difference.a), tuple(c.name for c in difference.b)


def render_decisions(comparison: Comparison, notes: Mapping[int, Iterable[str]], taken: Decisions | None = None) -> str:
    """The file with all differences of a comparison, those of `taken` decided already.

    notes: lines that tell each difference, by its number, written as comments.
    """
    taken = taken or Decisions()
    lines = [
        f"# {len(comparison.differences)} differences between two curations.",
        f"# A is {comparison.a.path}, B is {comparison.b.path}.",
        '# Set each take to "A", "B", "both" or "neither"; "" is not decided yet. Beside take = "A", a line',
        '# speaker = "B" or modality = "B" takes that alone from the other side. Then:',
        "# kelisim agree A B --decide THIS-FILE --accept OUT.trig",
    ]
    for difference in comparison.differences:
        key = key_of(difference)
        decided = taken.differences.get(key)
        other = "A" if decided and decided.take == "B" else "B"
        lines += ["", "[[difference]]", *(f"# {' '.join(line.split())}" for line in notes.get(difference.number, ()))]
        lines += [*_lists(key), f'take = "{decided.take if decided else ""}"']
        lines += [f'{part} = "{other}"' for part in decided.parts] if decided else []
    for b, a in sorted(comparison.alignment.names.items(), key=lambda item: item[1]):
        one, other = shorten(a), shorten(b)
        decided = taken.names.get(((one,), (other,)))
        lines += ["", "[[name]]", f'a = "{one}"', f'b = "{other}"', f'take = "{decided.take if decided else "A"}"']
    return "\n".join(lines) + "\n"


def _lists(key: Key) -> Iterator[str]:
    for name, claims in zip("ab", key, strict=True):
        quoted = ", ".join(f'"{claim}"' for claim in claims)
        yield f"{name} = [{quoted}]"


def read_decisions(text: str, file: str) -> Decisions:
    """Reads a file of decisions.

    Raises KelisimError, with the line, if it is no TOML, if a table lacks its claims, or a `take` is none of `TAKES`.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KelisimError(f"{file}: {error}") from error
    lines = _lines(text)
    unknown = found.keys() - {"difference", "name"}
    if unknown:
        raise KelisimError(f"{file}: {', '.join(sorted(unknown))} is neither [[difference]] nor [[name]].")
    decided: dict[str, dict[Key, Decision]] = {"difference": {}, "name": {}}
    for kind, known in decided.items():
        tables = found.get(kind, [])
        if not isinstance(tables, list):
            raise KelisimError(f"{file}: write [[{kind}]] with two brackets.")
        if len(tables) != len(lines.get(kind, [])):
            raise KelisimError(f"{file}: write each {kind} as a table of its own, below a line [[{kind}]].")
        for table, (start, line) in zip(tables, lines.get(kind, []), strict=True):
            where = f"{file}:{start}"
            key, take = _key(table, where), _take(table, kind, f"{file}:{line}")
            known[key] = Decision(take, line, _parts(table, key, take, where))
    return Decisions(file, decided["difference"], decided["name"])


def _lines(text: str) -> dict[str, list[tuple[int, int]]]:
    """For each table its first line, and the line of its `take`, by the name of the array."""
    found: dict[str, list[tuple[int, int]]] = {}
    current: list[tuple[int, int]] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if match := _TABLE.match(line):
            current = found.setdefault(match[1], [])
            current.append((number, number))
        elif current and line.lstrip().startswith("take"):
            current[-1] = (current[-1][0], number)
    return found


def _key(table: Mapping[str, Any], where: str) -> Key:
    key = tuple(tuple(v if isinstance(v, list) else [v]) for v in (table.get("a", []), table.get("b", [])))
    if not any(key) or not all(isinstance(name, str) for names in key for name in names):
        raise KelisimError(f"{where}: tells no claims: leave the lines a and b as they were written.")
    return key[0], key[1]


def _take(table: Mapping[str, Any], kind: str, where: str) -> str:
    take = table.get("take", "")
    allowed = TAKES[:2] if kind == "name" else TAKES
    if take not in ("", *allowed):  # a tuple, since it may be a list
        raise KelisimError(f"{where}: take = {take!r} is none of {', '.join(allowed)}.")
    return str(take)


def _parts(table: Mapping[str, Any], key: Key, take: str, where: str) -> tuple[str, ...]:
    """The parts that come from the other side than the rest."""
    unknown = table.keys() - {"a", "b", "take", *PARTS}
    if unknown:
        raise KelisimError(f"{where}: {', '.join(sorted(unknown))} is none of take, {', '.join(PARTS)}.")
    other = {"A": "B", "B": "A"}.get(take)
    one_each = len(key[0]) == len(key[1]) == 1
    for part in PARTS:
        if part in table and not (other and one_each and table[part] in (take, other)):
            raise KelisimError(
                f'{where}: {part} = {table[part]!r} wants take = "A" or "B" of two claims, and is "A" or "B" itself.'
            )
    return tuple(part for part in PARTS if other and table.get(part) == other)


def decide(comparison: Comparison, decisions: Decisions) -> dict[int, Decision]:
    """What is decided of each difference, by its number.

    Raises KelisimError that lists every difference that is not decided, or not in the file, and every decision on what
    is no difference, each with its line.
    """
    wanted = {key_of(d): d for d in comparison.differences}
    problems = []
    taken = {}
    for key, difference in wanted.items():
        decided = decisions.differences.get(key)
        told = _told(key)
        if decided is None:
            claim = (*difference.a, *difference.b)[0]
            problems.append((0, f"{decisions.file}: lacks difference {difference.number} ({told}; line {claim.line})."))
        elif not decided.take:
            problems.append((decided.line, f"{decisions.file}:{decided.line}: {told} is not decided."))
        else:
            taken[difference.number] = decided
    for key, decided in decisions.differences.items():
        if key not in wanted:
            message = f"{decisions.file}:{decided.line}: {_told(key)} is no difference of these two curations."
            problems.append((decided.line, message))
    if problems:
        count = "One decision is" if len(problems) == 1 else f"{len(problems)} decisions are"
        listed = "".join(f"\n  {message}" for _, message in sorted(problems))
        mend = f"--differences {decisions.file} brings the file up to date, and keeps what is decided"
        raise KelisimError(f"{count} wanting; {mend}:{listed}")
    return taken


def _told(key: Key) -> str:
    return "; ".join(f"{side} {', '.join(names)}" for side, names in zip("AB", key, strict=True) if names)


def renamed(comparison: Comparison, decisions: Decisions) -> dict[str, str]:
    """The things that get the name of B, with their names in A."""
    found = {}
    for b, a in comparison.alignment.names.items():
        decided = decisions.names.get(((shorten(a),), (shorten(b),)))
        if decided and decided.take == "B":
            found[a] = b
    return found
