"""Edits a query at its elements, and leaves the rest as it was written."""

from collections.abc import Mapping

from kg.explanations.pattern import Block, Group, Leaf
from kg.explanations.reading import Reading

Changes = Mapping[Leaf, str]
"""A new text for each element that changes; an empty one leaves it out."""


def edited(reading: Reading, changes: Changes, *, dataset: str | None = None, added: str = "") -> str:
    """The query with changed elements.

    dataset: FROM clauses instead of its own. added: a pattern at the end of its WHERE.
    """
    edits = [*_blocks(reading, changes)] if changes else []
    edits += ((leaf.start, leaf.end, text) for leaf, text in changes.items() if leaf.end > leaf.start)
    edits += ((g.start, g.end, "") for g in reading.root.groups() if g.end and _is_emptied(g, changes))
    if dataset is not None:
        edits += ((start, end, "") for start, end in reading.clauses)
        edits.append((reading.where, reading.where, f"{dataset} " if dataset else ""))
    if added:
        edits.append((reading.end - 1, reading.end - 1, f" {added} "))
    parts, done = list[str](), 0
    for start, end, text in sorted(edits, key=lambda e: (e[0], -e[1])):
        if start >= done:
            parts += reading.text[done:start], text
            done = end
    return "".join((*parts, reading.text[done:]))


def _is_emptied(group: Group, changes: Changes) -> bool:
    """Whether nothing is left of a group."""
    return all(changes.get(leaf) == "" for leaf in group.leaves())


def _blocks(reading: Reading, changes: Changes) -> list[tuple[int, int, str]]:
    """The blocks of triples of which some change, and those with blank nodes: spelt out, these are variables."""
    blocks = [block for group in reading.root.groups() for block in group.blocks]
    if not any(leaf in changes for block in blocks for leaf in _leaves(block)):
        return []
    return [(b.start, b.end, _spelt(reading, b, changes)) for b in blocks if _is_touched(b, changes)]


def _leaves(block: Block) -> list[Leaf]:
    return [leaf for statement in block.statements for leaf in statement.leaves]


def _is_touched(block: Block, changes: Changes) -> bool:
    return any(s.has_blank for s in block.statements) or any(leaf in changes for leaf in _leaves(block))


def _spelt(reading: Reading, block: Block, changes: Changes) -> str:
    lines = list[str]()
    for statement in block.statements:
        if statement.has_blank or any(leaf in changes for leaf in statement.leaves):
            lines += (text for leaf in statement.leaves if (text := changes.get(leaf, leaf.text)))
        else:
            lines.append(reading.text[statement.start : statement.end])
    column = block.start - reading.text.rfind("\n", 0, block.start) - 1
    indent = " " * (column if reading.text[block.start - column : block.start].isspace() else 2)
    return f" .\n{indent}".join(lines) + " ." if lines else ""
