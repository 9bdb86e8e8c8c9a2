"""The pattern of a query as elements: what can be left out, changed, or tried alone.

A *leaf* is what a reader would call one line: a triple, a filter, an OPTIONAL, a VALUES. A *group* nests: the pattern
itself, ``{ … }``, ``GRAPH``, a branch of UNION, ``FILTER EXISTS``. A set of leaves is a query of its own, `rendered`.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Final

CONSTRAINTS: Final = frozenset(("filter", "minus", "not-exists"))
"""The kinds of leaves that bind nothing and only take rows away."""


@dataclass(eq=False)
class Leaf:
    """One element.

    kind: ``triple``, ``path`` (a triple with a property path), ``filter``, ``not-exists``, ``minus``, ``optional``,
    ``values``, ``bind``, ``subquery``, ``union`` (all its branches), ``row`` (the values of a row that is asked about).
    text: the element, complete, as it stands in a group. start, end: its place in the query. line, column: counted
    from 1. binds, uses: variables, without their sign. terms: subject, predicate and object of a triple. needs: the
    variables that other elements must bind for it to mean what it means in the whole. inner: the pattern of a
    subquery.
    """

    kind: str
    text: str
    start: int
    end: int
    line: int
    column: int
    binds: frozenset[str]
    uses: frozenset[str]
    group: "Group" = field(repr=False)
    terms: tuple[str, str, str] | None = None
    needs: frozenset[str] = frozenset()
    inner: "Group | None" = field(default=None, repr=False)

    @property
    def graphs(self) -> "list[Group]":
        """The GRAPH patterns around it, the innermost first."""
        return [group for group in self.group.around() if group.kind == "graph"]

    @property
    def bound_with_graph(self) -> frozenset[str]:
        """The variables that it binds, with that of the GRAPH around it."""
        return self.binds.union(*(g.variables for g in self.graphs)) if self.kind not in CONSTRAINTS else self.binds

    @property
    def used_with_graph(self) -> frozenset[str]:
        """The variables that connect it with other elements."""
        return self.uses.union(*(g.variables for g in self.graphs))


@dataclass(eq=False)
class Statement:
    """A subject with its properties, as written: one statement of a block of triples."""

    start: int
    end: int
    leaves: list[Leaf]
    has_blank: bool


@dataclass(eq=False)
class Block:
    """The triples between two other patterns."""

    start: int
    end: int
    statements: list[Statement]


@dataclass(eq=False)
class Union:
    """``{ … } UNION { … }``: as one leaf, `whole`, or as branches of which one is looked at."""

    whole: Leaf
    branches: "list[Group]"


@dataclass(eq=False)
class Group:
    """A group of elements, by `kind`: ``root``, ``group``, ``graph``, ``exists``, ``branch`` (of a UNION).

    head: what stands before its brace. graph: the name or variable of a GRAPH. start, end: the place of the whole.
    """

    kind: str
    head: str
    parent: "Group | None"
    start: int = 0
    end: int = 0
    graph: str = ""
    children: "list[Leaf | Group | Union]" = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def variables(self) -> frozenset[str]:
        """The variable of a GRAPH."""
        return frozenset({self.graph[1:]} if self.graph[:1] in ("?", "$") else ())

    def around(self) -> "Iterator[Group]":
        """This group and those around it."""
        group: Group | None = self
        while group is not None:
            yield group
            group = group.parent

    def leaves(self, opened: "Set[Group]" = frozenset()) -> Iterator[Leaf]:
        """The leaves in order; a UNION is one, but where one of its branches is in `opened`, that branch's."""
        for child in self.children:
            if isinstance(child, Leaf):
                yield child
            elif isinstance(child, Group):
                yield from child.leaves(opened)
            else:
                branch = next((b for b in child.branches if b in opened), None)
                yield from branch.leaves(opened) if branch else (child.whole,)

    def groups(self) -> "Iterator[Group]":
        """This group and all within it, also branches and the patterns of subqueries."""
        yield self
        for child in self.children:
            if isinstance(child, Leaf):
                within = [child.inner] if child.inner else []
            else:
                within = [child] if isinstance(child, Group) else child.branches
            for group in within:
                yield from group.groups()


def rendered(
    group: Group, chosen: Set[Leaf], replaced: Mapping[Leaf, str] | None = None, *, opened: bool = False
) -> str:
    """What stands between the braces of a group of which only the chosen leaves are left, some with another text.

    What constrains or extends rows (a filter, MINUS, OPTIONAL, BIND) is left out where a variable that it is about is
    bound in the whole pattern but by nothing chosen: it would fail, or hold, for that reason alone. With `opened`, the
    variables in EXISTS can be selected.
    """
    return _rendered(group, grounded(chosen), replaced or {}, opened)


def _rendered(group: Group, kept: Set[Leaf], replaced: Mapping[Leaf, str], opened: bool) -> str:
    parts = list[str]()
    for child in group.children:
        if isinstance(child, Leaf):
            if child in kept:
                text = replaced.get(child, child.text)
                parts.append(text + (" ." if child.terms and text else ""))
        elif isinstance(child, Group):
            if inner := _rendered(child, kept, replaced, opened):
                head = "" if opened and child.kind == "exists" else child.head
                parts.append(f"{head} {{ {inner} }}".strip())
        elif child.whole in kept:
            parts.append(replaced.get(child.whole, child.whole.text))
        else:
            inner_parts = (_rendered(branch, kept, replaced, opened) for branch in child.branches)
            parts += (f"{{ {inner} }}" for inner in inner_parts if inner)
    return " ".join(parts)


def grounded(chosen: Set[Leaf]) -> frozenset[Leaf]:
    """The chosen leaves but those whose `Leaf.needs` no chosen one binds."""
    kept = frozenset(chosen)
    while True:
        bound = {leaf: leaf.bound_with_graph for leaf in kept}
        lacking = {
            leaf
            for leaf in kept
            if leaf.needs and not leaf.needs <= frozenset[str]().union(*(b for o, b in bound.items() if o is not leaf))
        }
        if not lacking:
            return kept
        kept -= lacking
