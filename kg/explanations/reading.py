"""Reads a query into its elements, by the parse tree of ``kg/engine/sparql.lark``."""

from dataclasses import dataclass
from typing import Final

from lark import Token, Tree

from kg.engine.syntax import Node, declared_prefixes, span, syntax_tree, tokens
from kg.explanations.pattern import Block, Group, Leaf, Statement, Union
from kg.explanations.triples import Triples

_NAMES: Final = {"MINUS_PATTERN": "minus", "OPTIONAL": "optional", "BIND": "bind", "VALUES": "values"}
_AGGREGATES: Final = frozenset(("COUNT", "AGGREGATE", "GROUP_CONCAT"))


@dataclass(frozen=True)
class Reading:
    """A query and the elements of its pattern.

    form: SELECT, ASK, CONSTRUCT or DESCRIBE. prologue, dataset: their text. where: the index at which its pattern
    begins, with the word WHERE if it has one; end: the one after its brace. clauses: the places of FROM clauses.
    modifiers: what follows the pattern, by kind (``group_by``, ``having``, ``order_by``, ``limits``), with its place.
    focus: the group that is looked at: the whole, or the pattern of a subquery.
    """

    text: str
    form: str
    prologue: str
    dataset: str
    where: int
    end: int
    clauses: tuple[tuple[int, int], ...]
    root: Group
    modifiers: dict[str, tuple[int, int]]
    aggregates: bool
    focus: Group

    def position(self, index: int) -> tuple[int, int]:
        """The line and column, from 1, of a place in the text."""
        return _position(self.text, index)

    @property
    def prefixes(self) -> dict[str, str]:
        """The namespaces that the query declares, by prefix."""
        return declared_prefixes(self.prologue)


def read(query: str) -> Reading:
    """The elements of a query; raises QuerySyntaxError for a text that is none."""
    tree = syntax_tree(query)
    prologue, form_tree = (child for child in tree.children[:2] if isinstance(child, Tree))
    end = span(prologue)[1] if prologue.children else 0
    clauses = tuple(span(each) for each in form_tree.children if isinstance(each, Tree) and each.data == "dataset")
    root = Group("root", "", None)
    where = next((c for c in form_tree.children if isinstance(c, Tree) and c.data == "where"), None)
    reader = _Reader(query)
    begin, close = len(query), len(query)
    if where is not None:
        begin, close = span(where)
        reader.group(where.children[-1], root)
    elif form_tree.data == "construct":  # CONSTRUCT WHERE { triples }
        words = form_tree.children
        close = next((w.end_pos or 0 for w in words if isinstance(w, Token) and w.type == "RBRACE"), close)
        begin = next((w.start_pos or 0 for w in words if isinstance(w, Token) and w.type == "WHERE"), begin)
        for each in (w for w in words if isinstance(w, Tree) and w.data == "triples_template"):
            reader.block(each, root)
    modifiers = next((c for c in form_tree.children if isinstance(c, Tree) and c.data == "modifiers"), None)
    trailing = next((c for c in tree.children if isinstance(c, Tree) and c.data == "values"), None)
    if trailing and trailing.children:
        reader.leaf("values", trailing, root, binds=_variables_before_brace(trailing))
    reader.connect(root)
    return Reading(
        query,
        str(form_tree.data).upper(),
        query[:end],
        " ".join(query[start:stop] for start, stop in clauses),
        begin,
        close,
        clauses,
        root,
        {str(m.data): span(m) for m in (modifiers.children if modifiers else ()) if isinstance(m, Tree)},
        any(t.type in _AGGREGATES for t in tokens(form_tree) if (t.start_pos or 0) < begin),
        root,
    )


def _position(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def variables(node: Node) -> frozenset[str]:
    """The variables in a parse tree, without their sign."""
    return frozenset(t[1:] for t in tokens(node) if t.type == "VARIABLE")


def _variables_before_brace(node: Node) -> frozenset[str]:
    found = set[str]()
    for token in tokens(node):
        if token.type == "LBRACE":
            break
        if token.type == "VARIABLE":
            found.add(token[1:])
    return frozenset(found)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._triples = Triples(text)

    def leaf(self, kind: str, node: Node, group: Group, *, binds: frozenset[str] = frozenset(), text: str = "") -> Leaf:
        """Adds what a parse tree holds as one element."""
        start, end = span(node)
        line, column = _position(self._text, start)
        own = text or self._triples.plain(node)
        found = Leaf(kind, own, start, end, line, column, binds, self._triples.variables(node), group)
        group.children.append(found)
        return found

    def group(self, node: Node, group: Group) -> None:
        """Reads the parse tree of ``{ … }`` into a group."""
        assert isinstance(node, Tree)
        content = node.children[1]
        assert isinstance(content, Tree)
        if content.data == "subselect":
            text = f"{{ {self._triples.plain(content)} }}"
            leaf = self.leaf("subquery", content, group, binds=_projected(content), text=text)
            leaf.inner = Group("subquery", "", None)
            where = next(c for c in content.children if isinstance(c, Tree) and c.data == "where")
            self.group(where.children[-1], leaf.inner)
            self.connect(leaf.inner)
            return
        for child in content.children:
            if isinstance(child, Tree) and child.data == "triples_block":
                self.block(child, group)
            elif isinstance(child, Tree):
                self._pattern(child, group)

    def block(self, node: Tree[Token], group: Group) -> None:
        """Reads triples."""
        statements = list[Statement]()
        rest: Node | None = node
        while isinstance(rest, Tree):
            own = [c for c in rest.children if isinstance(c, Tree)]
            statements.append(self._statement(own[0], group))
            rest = own[1] if len(own) > 1 else None
        start, end = span(node)
        group.blocks.append(Block(start, end, statements))

    def _statement(self, node: Tree[Token], group: Group) -> Statement:
        start, end = span(node)
        leaves = list[Leaf]()
        for terms, place in self._triples.of(node):
            line, column = _position(self._text, place)
            names = frozenset(t[1:] for t in terms if t[0] in "?$")
            kind = "triple" if terms[1] == "a" or terms[1][0] in "?$<" or _is_name(terms[1]) else "path"
            leaves.append(Leaf(kind, " ".join(terms), place, place, line, column, names, names, group, terms))
        group.children += leaves
        blank = any(t.type in ("BLANK", "LSQB", "LPAR") for t in tokens(node))
        return Statement(start, end, leaves, blank)

    def _pattern(self, node: Tree[Token], group: Group) -> None:
        first = node.children[0]
        if isinstance(first, Tree):
            self._groups(node, group)
        elif first.type == "GRAPH":
            graph = self._text[slice(*span(node.children[1]))]
            self._nested(node.children[2], Group("graph", f"GRAPH {graph}", group, *span(node), graph))
        elif first.type == "FILTER":
            self._filter(node, group)
        elif first.type == "BIND":
            named = next(t for t in reversed([*tokens(node)]) if t.type == "VARIABLE")
            self.leaf("bind", node, group, binds=frozenset({named[1:]}))
        elif first.type == "VALUES":
            self.leaf("values", node, group, binds=_variables_before_brace(node.children[1]))
        elif first.type == "SERVICE":
            self.leaf("service", node, group, binds=variables(node))
        else:
            kind = _NAMES[first.type]
            self.leaf(kind, node, group, binds=self._triples.variables(node) if kind == "optional" else frozenset())

    def _groups(self, node: Tree[Token], group: Group) -> None:
        branches = [c for c in node.children if isinstance(c, Tree)]
        if len(branches) == 1:
            self._nested(branches[0], Group("group", "", group, *span(node)))
            return
        whole = self.leaf("union", node, group, binds=self._triples.variables(node))
        group.children.pop()
        union = Union(whole, [Group("branch", "", group) for _ in branches])
        group.children.append(union)
        for branch, read_into in zip(branches, union.branches, strict=True):
            self.group(branch, read_into)

    def _nested(self, node: Node, inner: Group) -> None:
        assert inner.parent
        inner.parent.children.append(inner)
        self.group(node, inner)

    def _filter(self, node: Tree[Token], group: Group) -> None:
        own = [*tokens(node)]
        brace = next((n for n, t in enumerate(own) if t.type == "LBRACE"), len(own))
        kinds = [t.type for t in own[1:brace] if t.type != "LPAR"]
        tree: Node = node
        while isinstance(tree, Tree) and tree.data != "group":
            nested = [c for c in tree.children if isinstance(c, Tree)]
            tree = nested[0] if len(nested) == 1 else own[0]
        if kinds == ["EXISTS"] and isinstance(tree, Tree):
            self._nested(tree, Group("exists", "FILTER EXISTS", group, *span(node)))
        else:
            self.leaf("not-exists" if kinds == ["NOT", "EXISTS"] else "filter", node, group)

    @staticmethod
    def connect(root: Group) -> None:
        """Gives each element that constrains or extends rows the variables that it needs."""
        own = [leaf for g in root.groups() for leaf in g.children if isinstance(leaf, Leaf)]
        own += [u.whole for g in root.groups() for u in g.children if isinstance(u, Union)]
        for leaf in own:
            if leaf.kind in ("filter", "not-exists", "bind", "minus", "optional"):
                later = leaf.kind in ("filter", "not-exists")
                others = [o for o in own if o is not leaf and (later or o.start < leaf.start)]
                bound = frozenset[str]().union(*(o.bound_with_graph for o in others))
                leaf.needs = (leaf.uses - (leaf.binds if leaf.kind == "bind" else frozenset())) & bound


def _projected(subselect: Tree[Token]) -> frozenset[str]:
    clause = subselect.children[0]
    assert isinstance(clause, Tree)
    kinds = {c.type for c in clause.children if isinstance(c, Token)}
    if "STAR" in kinds:
        return variables(subselect)
    named = (c for c in clause.children if isinstance(c, Tree))
    return frozenset([*tokens(c)][-1 if len([*tokens(c)]) == 1 else -2][1:] for c in named)


def _is_name(verb: str) -> bool:
    return not any(sign in verb for sign in "/|^*+?!()")
