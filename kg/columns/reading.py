"""Reads the queries that columns may answer into `kg.columns.syntax`, by recursive descent.

Whoever uses the result has the engine's own parser check the text first: this one knows the meaning of many queries,
and not which texts are no SPARQL.
"""

import re
from typing import Final

from kg.columns.expressions_reading import ExpressionReader, absolute
from kg.columns.syntax import (
    Bind,
    DeclinedError,
    Element,
    Expression,
    Filter,
    Group,
    Minus,
    Node,
    Optional,
    Select,
    Term,
    Triple,
    Union,
    Values,
    Variable,
)

_SURELY_NOT: Final = re.compile(
    r"(?<![?$:\w/#-])(?:GRAPH|SERVICE|CONSTRUCT|ASK|DESCRIBE|FROM|BASE|GROUP_CONCAT|UNDEF|RAND|UUID|STRUUID|NOW|BNODE)\b|\\[uU]|<<",
    re.IGNORECASE,
)
_MUCH: Final = (
    "COUNT",
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "SAMPLE",
    "DISTINCT",
    "REDUCED",
    "ORDER",
    "FILTER",
    "OPTIONAL",
    "UNION",
)
_JOINED: Final = re.compile(r"\.\s+[^\s}]")
_MOST: Final = 20_000
_TYPE: Final = Term("<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>")
_AFTER_TRIPLES: Final = frozenset(
    ("FILTER", "RBRACE", "OPTIONAL", "LBRACE", "MINUS_PATTERN", "BIND", "VALUES", "UNION")
)


def may_be_scan(query: str) -> bool:
    """A quick look, of some microseconds: False for what is surely for the row engine."""
    if len(query) > _MOST:
        return False
    if ";" not in query and not _JOINED.search(query):
        capital = query.upper()
        if not any(word in capital for word in _MUCH):
            return False
    return _SURELY_NOT.search(query) is None


def read(query: str) -> Select:
    """The query; raises DeclinedError for all that is not surely understood."""
    try:
        return _Reader(query).query()
    except RecursionError as error:
        raise DeclinedError from error


class _Reader(ExpressionReader):
    def query(self) -> Select:
        while self._takes("PREFIX"):
            name, iri = self._take("PREFIXED"), self._take("IRI")
            self._prefixes[name[:-1]] = absolute(iri[1:-1])
        select = self._select()
        if self._kind:
            raise DeclinedError
        select.mentioned = tuple(dict.fromkeys(text[1:] for kind, text in self._tokens if kind == "VARIABLE"))
        return select

    def _select(self) -> Select:
        select = Select()
        self._take("SELECT")
        select.distinct = self._takes("DISTINCT")
        self._takes("REDUCED")  # leaves out none here, as it may
        if not self._takes("STAR"):
            while self._kind not in ("LBRACE", "WHERE"):
                self._column(select)
            if not select.columns:
                raise DeclinedError
        self._takes("WHERE")
        select.where = self._group()
        self._modifiers(select)
        if self._takes("VALUES"):
            select.values = self._values()
        return select

    def _column(self, select: Select) -> None:
        if self._kind == "VARIABLE":
            name, expression = self._variable(), None
        else:
            self._take("LPAR")
            expression = self._expression()
            self._take("AS")
            name = self._variable()
            self._take("RPAR")
        if any(name == other for other, _ in select.columns):
            raise DeclinedError
        select.columns.append((name, expression))

    def _modifiers(self, select: Select) -> None:
        if self._takes("GROUP"):
            self._take("BY")
            while self._kind in ("VARIABLE", "LPAR", "BUILTIN"):
                select.keys.append(self._key())
        if self._takes("HAVING"):
            while self._kind in ("LPAR", "BUILTIN"):
                select.having.append(self._primary())
        if self._takes("ORDER"):
            self._take("BY")
            while self._kind in ("ASC", "DESC", "VARIABLE", "LPAR", "BUILTIN", "COUNT", "AGGREGATE"):
                descending = self._kind == "DESC"
                self._takes("ASC", "DESC")
                select.order.append((self._primary(), descending))
        while self._kind in ("LIMIT", "OFFSET"):
            if self._takes("LIMIT"):
                select.limit = self._count()
            else:
                self._take("OFFSET")
                select.offset = self._count()

    def _key(self) -> tuple[Expression, str | None]:
        if self._kind != "LPAR":
            return self._primary(), None
        self._take("LPAR")
        expression, name = self._expression(), None
        if self._takes("AS"):
            name = self._variable()
        self._take("RPAR")
        return expression, name

    def _group(self) -> Group:
        self._take("LBRACE")
        if self._kind == "SELECT":
            inner = self._select()
            self._take("RBRACE")
            return Group((inner,))
        elements = list[Element]()
        while not self._takes("RBRACE"):
            match self._kind:
                case "FILTER":
                    self._take("FILTER")
                    elements.append(Filter(self._constraint()))
                case "OPTIONAL":
                    self._take("OPTIONAL")
                    elements.append(Optional(self._group()))
                case "MINUS_PATTERN":
                    self._take("MINUS_PATTERN")
                    elements.append(Minus(self._group()))
                case "LBRACE":
                    groups = [self._group()]
                    while self._takes("UNION"):
                        groups.append(self._group())
                    elements.append(Union(tuple(groups)))
                case "BIND":
                    self._take("BIND")
                    self._take("LPAR")
                    expression = self._expression()
                    self._take("AS")
                    elements.append(Bind(expression, self._variable()))
                    self._take("RPAR")
                case "VALUES":
                    self._take("VALUES")
                    elements.append(self._values())
                case _:
                    self._triples(elements)
                    if self._kind != "DOT" and self._kind not in _AFTER_TRIPLES:
                        raise DeclinedError
            self._takes("DOT")
        return Group(tuple(elements))

    def _values(self) -> Values:
        alone = self._kind == "VARIABLE"
        names = [self._variable()] if alone else []
        if not alone:
            self._take("LPAR")
            while not self._takes("RPAR"):
                names.append(self._variable())
        self._take("LBRACE")
        rows = list[tuple[Term, ...]]()
        while not self._takes("RBRACE"):
            if alone:
                rows.append((self._term(),))
            else:
                self._take("LPAR")
                rows.append(tuple(self._term() for _ in names))
                self._take("RPAR")
        if not names or not rows or len({*names}) < len(names):
            raise DeclinedError
        return Values(tuple(names), tuple(rows))

    def _triples(self, elements: list[Element]) -> None:
        subject = self._node()
        while True:
            steps = self._path()
            while True:
                self._walk(elements, subject, steps, self._node())
                if not self._takes("COMMA"):
                    break
            if not self._takes("SEMICOLON"):
                return
            while self._takes("SEMICOLON"):
                pass
            if self._kind in ("DOT", *_AFTER_TRIPLES):
                return

    def _node(self) -> Node:
        if self._kind == "VARIABLE":
            return Variable(self._variable())
        if self._kind == "BLANK":
            return Variable(f".{self._take('BLANK')}")
        return self._term()

    def _path(self) -> list[tuple[Node, bool]]:
        """The steps of a path: predicates, and whether they are gone backwards."""
        if self._kind == "VARIABLE":
            return [(Variable(self._variable()), False)]
        steps = list[tuple[Node, bool]]()
        while True:
            back = self._takes("CARET")
            steps.append((_TYPE if self._takes("A") else Term(f"<{self._iri()}>"), back))
            if not self._takes("SLASH"):
                return steps

    def _walk(self, elements: list[Element], subject: Node, steps: list[tuple[Node, bool]], value: Node) -> None:
        for number, (predicate, back) in enumerate(steps, 1):
            self._hidden += 1
            following: Node = value if number == len(steps) else Variable(f".{self._hidden}")
            ends = (following, subject) if back else (subject, following)
            elements.append(Triple(ends[0], predicate, ends[1]))
            subject = following
