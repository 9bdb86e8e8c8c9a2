"""Makes of a query the SELECT that is sent to an engine: all engines answer this form alike.

ASK, CONSTRUCT and DESCRIBE become SELECTs of what they need. Where the default graph of the dataset is a named graph of
the engine, or the query has a dataset of its own (SPARQL 1.1 Query, section 13.2), its patterns are put into ``GRAPH``,
so that nothing depends on what the engine takes for its default graph or makes of FROM. In ``GRAPH ?g`` only the graphs
of the dataset are looked at.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lark import Token, Tree

from kg.engine.errors import EngineRefusedError
from kg.engine.guard import tokens_with_iris, without_dataset
from kg.engine.syntax import Node, span, syntax_tree, tokens
from kg.remote.distrust import mends, used
from kg.remote.edits import Edits
from ontology import BASE
from ontology.namespaces import PREFIXES

OWN: Final = "kelisim_"
"""How the names of variables begin that are not the query's own."""

NOWHERE: Final = BASE + "graph/none"
"""A graph that is never there: what is looked for in it is not found."""

_ALL_ROWS: Final = 2_000_000_000
"""More rows than there are, and fewer than engines can count."""

_UNBOUND: Final = f"?{OWN}unbound"
_XSD_BOOLEAN: Final = PREFIXES["xsd"] + "boolean"
_ORDERS: Final = frozenset(("LESS", "GREATER", "AT_MOST", "AT_LEAST"))
_BOOLEAN_SIGNS: Final = _ORDERS | {"BOOLEAN", "BANG", "DOUBLE_BAR", "DOUBLE_AMPERSAND", "EQUAL", "UNEQUAL", "IN"}
_BOOLEAN_FUNCTIONS: Final = frozenset(
    (
        *("BOUND", "CONTAINS", "ISBLANK", "ISIRI", "ISLITERAL", "ISNUMERIC", "ISURI", "LANGMATCHES", "REGEX"),
        *("SAMETERM", "STRENDS", "STRSTARTS"),
    )
)
_FORMS: Final = ("select", "ask", "construct", "describe")


@dataclass(frozen=True)
class Dataset:
    """The graphs that a query is over: the named graph whose triples are the default graph, empty for the engine's own
    default graph; the named graphs, None for all but the hidden ones.
    """

    default: str = ""
    named: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Translated:
    """The SELECT to send with its columns, the form of the query, the prologue and template of CONSTRUCT."""

    text: str
    form: str
    columns: tuple[str, ...]
    prologue: str = ""
    template: str = ""
    resources: tuple[str, ...] = field(default=())
    """The IRIs that DESCRIBE names."""


@dataclass(frozen=True)
class Reading:
    """How a query is to be read. columns: the variables of its result, in order, for ``SELECT *``.

    unknown: the IRIs of functions that are not known: their calls have no value (SPARQL 1.1 Query, section 17.6),
    whatever the engine would make of them. given: terms by the names of variables, which have these values everywhere
    but in subqueries. doubted: the engine computes booleans as numbers, compares wrongly where it looks into an index,
    and gives a part of the sorted rows as if it were all where an offset stands without a limit.
    """

    dataset: Dataset
    columns: Sequence[str] = ()
    unknown: Collection[str] = frozenset()
    given: Mapping[str, str] = field(default_factory=dict)
    doubted: bool = False
    untrusted: Collection[str] = ()
    """What the engine evaluates wrongly, by the names of `kg.remote.distrust`."""


def translate(query: str, reading: Reading) -> Translated:
    """The SELECT for a well-formed query.

    Raises EngineRefusedError if it uses what the engine evaluates wrongly.
    """
    return _Translation(without_dataset(query), reading).done()


class _Translation:
    def __init__(self, text: str, reading: Reading) -> None:
        self._text = text
        self._reading = reading
        self._dataset = reading.dataset
        self._tree = syntax_tree(text)
        self._iris: Mapping[int, str] = {token.start(): iri for token, iri in tokens_with_iris(text) if iri}
        self._edits = Edits()
        self._labels: dict[str, int] = {}
        """The labels of blank nodes, each with the number of the block of triples in which it stands."""
        self._renamed: set[str] = set()
        self._blocks = 0

    def done(self) -> Translated:
        query = next(c for c in self._tree.children if isinstance(c, Tree) and c.data in _FORMS)
        form = str(query.data)
        if wrong := used(self._tree, self._iri, self._reading.untrusted):
            raise EngineRefusedError(
                " ".join((f"The engine evaluates {', '.join(wrong)} otherwise than SPARQL 1.1.", *mends(wrong)))
            )
        prologue = self._prologue(query)
        if form == "describe":
            return self._describe(query, prologue)
        self._walk(self._tree, in_graph=False, free=True)
        template, names = "", [*self._reading.columns]
        if form == "ask":
            names = [f"{OWN}one"]
            self._ask(query)
        elif form == "construct":
            template, names = self._construct(query)
        else:
            names = self._star(query)
        return Translated(self._edited(), form, tuple(names), prologue, template)

    def _prologue(self, query: Tree[Token]) -> str:
        return self._text[: span(query)[0]]

    # Forms

    def _star(self, select: Tree[Token]) -> list[str]:
        """The columns in place of a star: those that the query mentions, in the order of its result; returns them."""
        clause = _child(select, "select_clause")
        assert clause
        star = next((c for c in clause.children if isinstance(c, Token) and c.type == "STAR"), None)
        if star is not None:
            shown = _projected(self._reading.columns) or f"(1 AS ?{OWN}one)"
            self._edits.replace(_place(star), shown)
        return [*self._reading.columns] or [f"{OWN}one"]

    def _ask(self, ask: Tree[Token]) -> None:
        word = ask.children[0]
        assert isinstance(word, Token)
        self._edits.replace(_place(word), f"SELECT (1 AS ?{OWN}one)")
        where = _child(ask, "where")
        assert where
        if not _is_modified(ask):
            self._edits.append(span(where)[1], " LIMIT 1")

    def _construct(self, construct: Tree[Token]) -> tuple[str, list[str]]:
        """Replaces the template by a projection of its variables; returns both."""
        template, where = _child(construct, "template"), _child(construct, "where")
        word = construct.children[0]
        assert isinstance(word, Token)
        if template is not None and where is not None:
            start, end = span(template)
            text, inside = self._text[start:end], [*tokens(template)]
            replaced = word.start_pos or 0, end
        else:  # CONSTRUCT WHERE: the pattern is the template
            begin = next(c for c in construct.children if isinstance(c, Token) and c.type == "LBRACE")
            close = next(c for c in construct.children if isinstance(c, Token) and c.type == "RBRACE")
            text = self._text[begin.start_pos : close.end_pos]
            block = _child(construct, "triples_template")
            inside = [*tokens(block)] if block else []
            replaced = _place(word)
            if block and self._dataset.default:
                self._wrap(block)
        names = [*dict.fromkeys(_name(t) for t in inside if t.type == "VARIABLE")]
        blank = any(t.type in ("BLANK", "LSQB", "LPAR") for t in inside)
        distinct = "DISTINCT " if not (blank or _is_modified(construct)) else ""
        self._edits.replace(replaced, f"SELECT {distinct}{_projected(names) or f'(1 AS ?{OWN}one)'}")
        return text, names or [f"{OWN}one"]

    def _describe(self, describe: Tree[Token], prologue: str) -> Translated:
        named = [c for c in describe.children if isinstance(c, Tree) and c.data == "var_or_iri"]
        first = [next(tokens(c)) for c in named]
        iris = tuple(self._iri(t) for t in first if t.type != "VARIABLE")
        star = any(isinstance(c, Token) and c.type == "STAR" for c in describe.children)
        names = [_name(t) for t in first if t.type == "VARIABLE"]
        where = _child(describe, "where")
        if where is not None and star:
            names = [*dict.fromkeys(_name(t) for t in tokens(where) if t.type == "VARIABLE")]
        if where is None or not names:
            return Translated("", "describe", (), prologue, resources=iris)
        self._walk(self._tree, in_graph=False, free=True)
        start, distinct = describe.children[0], "" if _is_modified(describe) else "DISTINCT "
        assert isinstance(start, Token)
        self._edits.replace((start.start_pos or 0, span(where)[0]), f"SELECT {distinct}{_projected(names)} ")
        return Translated(self._edited(), "describe", tuple(names), prologue, resources=iris)

    # Patterns

    def _walk(self, node: Node, *, in_graph: bool, free: bool) -> None:
        """Edits a part of the tree; `free`: variables that are given have their values here."""
        if isinstance(node, Token) or node.data == "template":
            return
        if node.data == "triples_block":
            if self._dataset.default and not in_graph:
                self._wrap(node)
            return
        if node.data in ("iri_or_function", "function_call") and self._is_unknown(node):
            self._edits.replace(span(node), _UNBOUND)
            return
        if self._reading.doubted and node.data in ("projection", "pattern", "grouping"):
            self._boolean(node)
        if self._reading.doubted and node.data == "relation":
            self._comparison(node)
        if self._reading.doubted and node.data == "limits":
            self._limit(node)
        if node.data == "group" and free:
            self._give(node)
        first = node.children[0] if node.data == "pattern" else None
        word = first.type if isinstance(first, Token) else ""
        if word == "GRAPH":
            self._graph(node)
            in_graph = True
        # A variable of a subquery that it does not project is another; MINUS compares only what is bound in it.
        free = free and word != "MINUS_PATTERN" and node.data != "subselect"
        for child in node.children:
            self._walk(child, in_graph=in_graph, free=free)

    def _give(self, group: Tree[Token]) -> None:
        """Binds what is given at the beginning of a group."""
        content = group.children[1]
        if not self._reading.given or (isinstance(content, Tree) and content.data == "subselect"):
            return
        used = {_name(t) for t in tokens(group) if t.type == "VARIABLE"}
        named = {n: t for n, t in self._reading.given.items() if n in used}
        if named:
            block = f" VALUES ({_projected([*named])}) {{ ({' '.join(named.values())}) }} "
            self._edits.append(span(group)[0] + 1, block)

    def _wrap(self, block: Tree[Token]) -> None:
        """Puts triples of the default graph into its named graph."""
        self._edits.enclose(span(block), f"GRAPH <{self._dataset.default}> {{ ", " } ")
        self._blocks += 1
        for token in tokens(block):
            if token.type == "BLANK" and self._labels.setdefault(str(token), self._blocks) != self._blocks:
                self._renamed.add(str(token))

    def _graph(self, pattern: Tree[Token]) -> None:
        """Limits a GRAPH pattern to the graphs of the dataset."""
        name, group = next(tokens(pattern.children[1])), pattern.children[2]
        assert isinstance(group, Tree)
        named, hidden = self._dataset.named, self._dataset.hidden
        start, end = span(pattern)
        graph = f"?{sent(_name(name))}"
        if name.type != "VARIABLE":
            if named is not None and self._iri(name) not in named:
                self._edits.replace(_place(name), f"<{NOWHERE}>")
            return
        if not any(t.type not in ("LBRACE", "RBRACE") for t in tokens(group)):  # engines read GRAPH ?g {} in many ways
            self._edits.insert(start, f"{{ SELECT DISTINCT {graph} {{ ")
            self._edits.replace(span(group), f"{{ ?{OWN}s ?{OWN}p ?{OWN}o }} }} }}")
        if named is not None:
            condition = f"{graph} IN ({', '.join(f'<{g}>' for g in named)})" if named else "false"
        elif hidden:
            condition = f"{graph} NOT IN ({', '.join(f'<{g}>' for g in hidden)})"
        else:
            return
        # Around another GRAPH alone engines leave the variable unbound, as the one in this process does.
        self._edits.append(end, f" FILTER(!BOUND({graph}) || {condition}) ")

    def _boolean(self, node: Tree[Token]) -> None:
        """Has an expression that is given a name, and is a boolean by its form, computed as one."""
        expression = _child(node, "expression")
        if expression is not None and any(isinstance(c, Token) and c.type == "AS" for c in node.children):
            true, false = (f'STRDT("{word}", <{_XSD_BOOLEAN}>)' for word in ("true", "false"))
            if _is_boolean(expression):
                self._edits.enclose(span(expression), "IF(", f", {true}, {false})")

    def _comparison(self, relation: Tree[Token]) -> None:
        """Has an order compared for each value, and not looked up as a range of an index."""
        if any(isinstance(c, Token) and c.type in _ORDERS for c in relation.children):
            self._edits.enclose(span(relation), "((", ") = true)")

    def _limit(self, limits: Tree[Token]) -> None:
        """Has an engine that sorts only so many rows (Virtuoso's MaxSortedTopRows) refuse more, and not leave out."""
        if not any(isinstance(c, Token) and c.type == "LIMIT" for c in limits.children):
            self._edits.append(span(limits)[1], f" LIMIT {_ALL_ROWS}")

    def _is_unknown(self, node: Tree[Token]) -> bool:
        if not self._reading.unknown or _child(node, "arguments") is None:
            return False
        return self._iri(next(tokens(node))) in self._reading.unknown

    def _iri(self, token: Token) -> str:
        return self._iris.get(token.start_pos or 0, "")

    def _rename(self) -> None:
        """Gives variables the names that are sent.

        Blank nodes that stand in several blocks become variables: a label may stand in one pattern only.
        """
        for token in tokens(self._tree):
            if token.type == "VARIABLE" and not token.isascii():
                self._edits.replace(_place(token), f"?{sent(_name(token))}")
            elif token.type == "BLANK" and str(token) in self._renamed:
                self._edits.replace(_place(token), f"?{OWN}{str(token)[2:].encode().hex()}")

    def _edited(self) -> str:
        self._rename()
        return f"BASE <{BASE}>\n{self._edits.made(self._text)}"


def _is_boolean(node: Node) -> bool:
    """Whether an expression has a boolean or an error, whatever its parts have."""
    while isinstance(node, Tree):
        signs = {c.type for c in node.children if isinstance(c, Token)}
        if node.data == "builtin_call":
            word = next(tokens(node))
            return bool(signs & {"EXISTS", "NOT"}) or str(word).upper() in _BOOLEAN_FUNCTIONS
        if signs & _BOOLEAN_SIGNS:
            return True
        inner = [c for c in node.children if isinstance(c, Tree)]
        if len(inner) != 1:
            return False
        node = inner[0]
    return False


def _child(node: Tree[Token], name: str) -> Tree[Token] | None:
    return next((c for c in node.children if isinstance(c, Tree) and c.data == name), None)


def sent(name: str) -> str:
    """The name by which a variable is sent: some engines spoil those that are not of ASCII."""
    return name if name.isascii() else f"{OWN}v{name.encode().hex()}"


def _name(variable: Token) -> str:
    return str(variable)[1:]


def _projected(names: Sequence[str]) -> str:
    return " ".join(f"?{sent(n)}" for n in names)


def _is_modified(query: Tree[Token]) -> bool:
    """Whether a query groups, sorts or limits its solutions."""
    modifiers = _child(query, "modifiers")
    return modifiers is not None and any(True for _ in tokens(modifiers))


def _place(token: Token) -> tuple[int, int]:
    return token.start_pos or 0, token.end_pos or 0
