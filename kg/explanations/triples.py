"""The triples of a statement, one by one: lists of properties and objects, blank nodes and collections spelt out."""

from collections.abc import Iterator
from typing import Final

from lark import Token, Tree

from kg.engine.syntax import Node, span, tokens

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
Terms = tuple[str, str, str]


class Triples:
    """Spells out the triples of one query (SPARQL 1.1 Query, section 4.2).

    Blank nodes become variables, so that triples can be tried in groups of their own: in a pattern they are variables
    that cannot be selected (section 4.1.4). A path that is a sequence becomes its steps (section 9.3).
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._fresh = 0

    def of(self, statement: Tree[Token]) -> Iterator[tuple[Terms, int]]:
        """The triples of a parse tree ``subject_triples``, each with its place in the text."""
        first = statement.children[0]
        assert isinstance(first, Tree)
        place = _start(first)
        if first.data == "triples_node":
            subject = self._new()
            yield from self._node(first, subject)
        else:
            subject = self.plain(first)
        for properties in statement.children[1:]:
            assert isinstance(properties, Tree)
            yield from self._properties(properties, subject, place)

    def plain(self, node: Node) -> str:
        """The text of a parse tree with variables for blank nodes."""
        own = [*tokens(node)]
        if [t.type for t in own] == ["LSQB", "RSQB"]:
            return self._new()
        if [t.type for t in own] == ["LPAR", "RPAR"]:
            return f"<{_RDF}nil>"
        parts, done = list[str](), own[0].start_pos or 0
        for token in own:
            if token.type == "BLANK":
                parts += self._text[done : token.start_pos], f"?blank_{_letters(token[2:])}"
                done = token.end_pos or 0
        return "".join((*parts, self._text[done : own[-1].end_pos]))

    def variables(self, node: Node) -> frozenset[str]:
        """The variables in a parse tree, also those for blank nodes, without their sign."""
        found = set[str]()
        for token in tokens(node):
            if token.type == "VARIABLE":
                found.add(token[1:])
            elif token.type == "BLANK":
                found.add(f"blank_{_letters(token[2:])}")
        return frozenset(found)

    def _properties(self, node: Tree[Token], subject: str, place: int) -> Iterator[tuple[Terms, int]]:
        verb: Tree[Token] | None = None
        for child in node.children:
            if not isinstance(child, Tree):
                continue
            if child.data == "verb":
                verb = child
                place = place if verb is node.children[0] else _start(child)
                continue
            assert verb is not None
            for entry in (c for c in child.children if isinstance(c, Tree)):
                place = place if entry is child.children[0] else _start(entry)
                after = list[tuple[Terms, int]]()
                yield from self._linked(subject, verb, self._object(entry, after), place)
                yield from after

    def _object(self, node: Tree[Token], after: list[tuple[Terms, int]]) -> str:
        """The text of an object; the triples of a nested node are put into `after`."""
        inner = node
        while inner.data in ("object", "graph_node") and isinstance(inner.children[0], Tree):
            inner = inner.children[0]
        if inner.data != "triples_node":
            return self.plain(inner)
        named = self._new()
        after += self._node(inner, named)
        return named

    def _node(self, node: Tree[Token], named: str) -> Iterator[tuple[Terms, int]]:
        """The triples of ``[ … ]`` or ``( … )``."""
        entries = [c for c in node.children if isinstance(c, Tree)]
        if node.children[0] == "[":
            yield from self._properties(entries[0], named, _start(node))
            return
        for number, entry in enumerate(entries):
            after = list[tuple[Terms, int]]()
            place = _start(entry)
            yield (named, f"<{_RDF}first>", self._object(entry, after)), place
            yield from after
            rest = self._new() if number + 1 < len(entries) else f"<{_RDF}nil>"
            yield (named, f"<{_RDF}rest>", rest), place
            named = rest

    def _linked(self, subject: str, verb: Tree[Token], target: str, place: int) -> Iterator[tuple[Terms, int]]:
        steps = _steps(verb)
        for number, step in enumerate(steps):
            last = number + 1 == len(steps)
            to = target if last else self._new("step")
            start, end = span(step)
            yield (subject, self._text[start:end], to), place if number == 0 else start
            subject = to

    def _new(self, name: str = "node") -> str:
        self._fresh += 1
        name = f"?{name}_{self._fresh}"
        return self._new(name[1:].partition("_")[0]) if name in self._text else name


def _steps(verb: Tree[Token]) -> list[Node]:
    """The steps of a property path that is a sequence; else the verb alone."""
    node: Node = verb
    while isinstance(node, Tree) and len(node.children) == 1:
        node = node.children[0]
        if isinstance(node, Tree) and node.data == "path_sequence" and len(node.children) > 1:
            return [c for c in node.children if isinstance(c, Tree)]
    return [verb]


def _start(node: Node) -> int:
    return span(node)[0]


def _letters(label: str) -> str:
    return "".join(c if c.isalnum() else f"_{ord(c):x}_" for c in label)
