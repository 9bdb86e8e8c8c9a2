"""Reads a query into the tree of `kg.citations.algebra`, by the grammar ``sparql.lark`` of `kg.engine`."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Final

from lark import Token, Tree

from kg.citations.algebra import (
    FRESH,
    HIDDEN_EXISTS,
    Bind,
    Both,
    Chain,
    Choice,
    Condition,
    Element,
    Exists,
    Filter,
    Graph,
    Group,
    Inverse,
    Key,
    Link,
    Minus,
    Negated,
    Optional,
    Path,
    Query,
    Repeated,
    Select,
    Service,
    Subquery,
    Triple,
    Union,
    Values,
    negated,
)
from kg.engine.lexer import spaced
from kg.engine.syntax import Node, span, syntax_tree, tokens


def parse(text: str) -> Query:
    """The tree of a query; raises QuerySyntaxError, with the place, if it is malformed.

    In its texts no comparison can be taken for an IRI.
    """
    tree, plain = syntax_tree(text), spaced(text)
    return _Reader(plain).query(tree if plain == text else syntax_tree(plain))


def _trees(node: Node, name: str) -> Iterator[Tree[Token]]:
    """The children of that name."""
    if isinstance(node, Tree):
        yield from (c for c in node.children if isinstance(c, Tree) and c.data == name)


def _first(node: Node, name: str) -> Tree[Token] | None:
    return next(_trees(node, name), None)


def _kinds(node: Node) -> list[str]:
    return [c.type for c in node.children if isinstance(c, Token)] if isinstance(node, Tree) else []


class _Reader:
    """Makes the tree of a query from that of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._numbers = count()
        self._labels: dict[str, str] = {}
        self._in_template = False

    def _slice(self, node: Node) -> str:
        """The text of a node."""
        start, end = span(node)
        return self._text[start:end]

    def _fresh(self) -> str:
        return f"{FRESH}{next(self._numbers)}"

    def query(self, tree: Tree[Token]) -> Query:
        prologue, body, values = tree.children
        assert isinstance(body, Tree)
        head = self._slice(prologue) if isinstance(prologue, Tree) and prologue.children else ""
        dataset = " ".join(self._slice(t) for t in _trees(body, "dataset"))
        form = str(body.data).upper()
        if form == "DESCRIBE":
            where = Select((), True, False, Group((), "{}"))
            return Query(form, head, dataset, where)
        if form == "CONSTRUCT":
            select, template = self._construct(body, values)
            return Query(form, head, dataset, select, template)
        return Query(form, head, dataset, self._select(body, values))

    def _construct(self, body: Tree[Token], values: Node) -> tuple[Select, tuple[tuple[str, str, str], ...]]:
        template, where = _first(body, "template"), _first(body, "where")
        block = _first(template if template is not None else body, "triples_template")
        self._in_template = template is not None
        triples = tuple(self._triples(block)) if block is not None else ()
        self._in_template = False
        given = tuple((t.subject, t.text, t.object) for t in triples)
        if where is not None:
            return self._select(body, values), given
        group = Group(triples, "{ " + " . ".join(f"{t.subject} {t.text} {t.object}" for t in triples) + " }")
        return self._select(body, values, group), given

    def _select(self, body: Tree[Token], values: Node | None, group: Group | None = None) -> Select:
        clause, modifiers = _first(body, "select_clause"), _first(body, "modifiers")
        if group is None:
            where = _first(body, "where")
            assert where is not None
            inner = _first(where, "group")
            assert inner is not None
            group = self._group(inner)
        columns = list[tuple[str, str]]()
        grouping = _first(modifiers, "group_by") if modifiers is not None else None
        ordering = _trees(modifiers, "order_by") if modifiers is not None else ()
        aggregates, hidden = any(_has(t, *_AGGREGATES) for t in ordering), False
        for item in _trees(clause, "projection") if clause is not None else ():
            expression = _first(item, "expression")
            if expression is None:
                columns.append(("", _variable(item.children[0])))
                continue
            aggregates |= _has(expression, *_AGGREGATES)
            hidden |= _has(expression, "EXISTS")
            columns.append((self._slice(expression), _variable(item.children[-2])))
        parts = {str(t.data): t for t in (modifiers.children if modifiers is not None else ()) if isinstance(t, Tree)}
        limits = [str(t) for t in parts["limits"].children] if "limits" in parts else []
        numbers = dict(zip([w.upper() for w in limits[::2]], map(int, limits[1::2]), strict=True))
        block = _first(values, "data_block") if values is not None else None
        return Select(
            projection=tuple(columns),
            star=clause is None or "STAR" in _kinds(clause),
            distinct=clause is not None and bool({"DISTINCT", "REDUCED"} & {*_kinds(clause)}),
            where=group,
            keys=tuple(self._key(k) for k in _trees(grouping, "grouping")) if grouping is not None else (),
            grouped=grouping is not None or aggregates or "having" in parts,
            having=self._slice(parts["having"]) if "having" in parts else "",
            order=self._slice(parts["order_by"]) if "order_by" in parts else "",
            limit=numbers.get("LIMIT"),
            offset=numbers.get("OFFSET", 0),
            values=self._slice(values) if values is not None and block is not None else "",
            values_variables=_values_variables(block) if block is not None else (),
            uncited=hidden,
        )

    def _key(self, tree: Tree[Token]) -> Key:
        if _kinds(tree) == ["VARIABLE"]:
            return Key(_variable(tree.children[0]), _variable(tree.children[0]))
        expression = _first(tree, "expression")
        named = _variable(tree.children[-2]) if "AS" in _kinds(tree) else ""
        return Key(self._slice(tree if expression is None else expression), named)

    def _group(self, tree: Tree[Token]) -> Group:
        content = tree.children[1]
        assert isinstance(content, Tree)
        if content.data == "subselect":
            return Group((Subquery(self._select(content, _first(content, "values"))),), self._slice(tree))
        elements = list[Element]()
        for child in content.children:
            if isinstance(child, Tree) and child.data == "triples_block":
                elements += self._triples(child)
            elif isinstance(child, Tree):
                elements.append(self._pattern(child))
        return Group(tuple(elements), self._slice(tree))

    def _pattern(self, tree: Tree[Token]) -> Element:  # noqa: PLR0911 - one for each kind
        groups = [*_trees(tree, "group")]
        kind = _kinds(tree)[:1]
        match kind:
            case ["OPTIONAL"]:
                return Optional(self._group(groups[0]))
            case ["MINUS_PATTERN"]:
                return Minus(self._group(groups[0]))
            case ["GRAPH"]:
                return Graph(_named(self._slice(tree.children[1])), self._group(groups[0]))
            case ["SERVICE"]:
                return Service(self._slice(tree), tuple(dict.fromkeys(self._group(groups[0]).variables())))
            case ["FILTER"]:
                return self._filter(tree)
            case ["BIND"]:
                value = self._condition(tree.children[2])
                exists = value if isinstance(value, Exists) else None
                return Bind(
                    self._slice(tree),
                    _variable(tree.children[-2]),
                    exists,
                    isinstance(value, Both) or value == HIDDEN_EXISTS,
                )
            case ["VALUES"]:
                block = tree.children[1]
                assert isinstance(block, Tree)
                return Values(self._slice(tree), _values_variables(block))
            case _:
                return Union(tuple(self._group(g) for g in groups))

    def _filter(self, tree: Tree[Token]) -> Filter:
        if not _has(tree, "EXISTS"):
            return Filter(self._slice(tree))
        return Filter(self._slice(tree), self._condition(tree.children[1]))

    def _condition(self, node: Node) -> Condition:  # noqa: PLR0911 - one for each kind
        """The boolean structure of an expression."""
        if isinstance(node, Token):
            return str(node)
        if not _has(node, "EXISTS"):
            return self._slice(node)
        inner = [c for c in node.children if isinstance(c, Tree)]
        kinds = _kinds(node)
        if node.data == "builtin_call" and "EXISTS" in kinds:
            return Exists(self._group(inner[0]), "NOT" in kinds)
        if node.data in ("expression", "conjunction") and len(inner) > 1:
            return Both(tuple(self._condition(c) for c in inner), node.data == "expression")
        if node.data == "unary" and kinds == ["BANG"]:
            return negated(self._condition(inner[0]))
        if len(inner) == 1 and set(kinds) <= {"LPAR", "RPAR"} and node.data != "expressions":
            return self._condition(inner[0])
        return HIDDEN_EXISTS

    def _triples(self, block: Tree[Token]) -> Iterator[Triple]:
        """The triples of a block, in order."""
        for child in block.children:
            if not isinstance(child, Tree):
                continue
            if child.data == "subject_triples":
                head, *rest = (c for c in child.children if isinstance(c, Tree))
                made = list[Triple]()
                subject = self._node(head, made)
                yield from made
                for properties in rest:
                    yield from self._properties(subject, properties)
            else:
                yield from self._triples(child)

    def _properties(self, subject: str, tree: Tree[Token]) -> Iterator[Triple]:
        verb: Tree[Token] | None = None
        for child in tree.children:
            if isinstance(child, Tree) and child.data == "verb":
                verb = child
            elif isinstance(child, Tree):
                assert verb is not None
                path, text = _path(self._slice, verb.children[0]), self._slice(verb)
                for item in _trees(child, "object"):
                    made = list[Triple]()
                    value = self._node(item.children[0], made)
                    yield Triple(subject, path, text, value)
                    yield from made

    def _node(self, node: Node, made: list[Triple]) -> str:
        """The text of a node; the triples of property lists and collections in it go to `made`."""
        while isinstance(node, Tree) and node.data in ("graph_node", "object"):
            node = node.children[0]
        if isinstance(node, Tree) and node.data == "triples_node":
            return self._triples_node(node, made)
        text = self._slice(node)
        if text.startswith("_:"):
            if self._in_template:
                return text
            if text not in self._labels:
                self._labels[text] = self._fresh()
            return self._labels[text]
        if isinstance(node, Tree) and _kinds(node) == ["LSQB", "RSQB"]:
            return self._blank()
        return f"<{_RDF}nil>" if isinstance(node, Tree) and _kinds(node) == ["LPAR", "RPAR"] else _named(text)

    def _blank(self) -> str:
        return f"_:{self._fresh()[1:]}" if self._in_template else self._fresh()

    def _triples_node(self, node: Tree[Token], made: list[Triple]) -> str:
        if "LSQB" in _kinds(node):
            subject = self._blank()
            for properties in _trees(node, "property_list"):
                made.extend(self._properties(subject, properties))
            return subject
        items = [*_trees(node, "graph_node")]
        cells = [self._blank() for _ in items]
        for number, (cell, item) in enumerate(zip(cells, items, strict=True)):
            following = cells[number + 1] if number + 1 < len(cells) else f"<{_RDF}nil>"
            made.append(Triple(cell, Link(f"<{_RDF}first>"), f"<{_RDF}first>", self._node(item, made)))
            made.append(Triple(cell, Link(f"<{_RDF}rest>"), f"<{_RDF}rest>", following))
        return cells[0]


_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


_AGGREGATES: Final = ("COUNT", "AGGREGATE", "GROUP_CONCAT")


def _has(node: Node, *kinds: str) -> bool:
    """Whether a parse tree has a token of one of the kinds."""
    return any(token.type in kinds for token in tokens(node))


def _values_variables(block: Tree[Token]) -> tuple[str, ...]:
    return tuple(_variable(t) for t in block.children if isinstance(t, Token) and t.type == "VARIABLE")


def _variable(token: Node) -> str:
    return f"?{str(token)[1:]}"  # ``$x`` is ``?x``


def _named(text: str) -> str:
    return f"?{text[1:]}" if text.startswith("$") else text


def _path(text: Callable[[Node], str], node: Node) -> Path:  # noqa: PLR0911 - one for each kind
    """The path of a verb."""
    if isinstance(node, Token):
        return Link(_named(str(node)))
    inner: Sequence[Node] = [c for c in node.children if isinstance(c, Tree)]
    kinds = _kinds(node)
    match str(node.data):
        case "path_alternative" if len(inner) > 1:
            return Choice(tuple(_path(text, c) for c in inner))
        case "path_sequence" if len(inner) > 1:
            return Chain(tuple(_path(text, c) for c in inner))
        case "path_inverse" if "CARET" in kinds:
            return Inverse(_path(text, inner[0]))
        case "path_element" if kinds:
            return Repeated(_path(text, inner[0]), str(node.children[-1]))
        case "path_primary" if "BANG" in kinds:
            ones = [*_trees(inner[0], "path_one")]
            forward = tuple(text(o) for o in ones if "CARET" not in _kinds(o))
            backward = tuple(text(o.children[-1]) for o in ones if "CARET" in _kinds(o))
            parts: list[Path] = [Negated(forward)] if forward or not backward else []
            parts += [Inverse(Negated(backward))] if backward else []
            return parts[0] if len(parts) == 1 else Choice(tuple(parts))
        case "iri":
            return Link(text(node))
    return _path(text, inner[0]) if inner else Link(_named(text(node)))
