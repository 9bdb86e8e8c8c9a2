"""What an engine evaluates otherwise than SPARQL 1.1, found out by queries without data, and which queries use it.

Such a query is not sent: an answer that is wrong looks like one that is right. It is evaluated in the copy, or
refused. What is wrong in some uses only is sent in the others: a function of text is trusted with what is plain text by
its form, a path of any length where duplicates make no difference.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lark import Token, Tree

from kg.engine.syntax import Node, tokens
from kg.remote.numbers import Numbers, subtrees
from ontology.namespaces import PREFIXES

_XSD: Final = PREFIXES["xsd"]
_CASTS: Final = frozenset(_XSD + name for name in ("boolean", "decimal", "double", "float", "integer", "dateTime"))
_PLAIN: Final = frozenset(("STR", "LANG", "ENCODE_FOR_URI", "MD5", "SHA1", "SHA256", "SHA384", "SHA512"))
"""Functions whose value is text without a language."""
_PASSING: Final = frozenset(("LCASE", "UCASE", "REPLACE", "SUBSTR", "CONCAT", "STRBEFORE", "STRAFTER"))
"""Functions whose value is such a text if their first arguments are."""

ARITHMETIC: Final = "arithmetic with what may be no number"
OWN_TYPES: Final = "!= of a literal with a datatype of its own"
CLOSURES: Final = "paths of any length"
VALUES_BEHIND: Final = "VALUES behind OPTIONAL"
_HASHES: Final = ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")
UNSHOWN: Final = (CLOSURES, VALUES_BEHIND, *_HASHES)
"""What Virtuoso 7 has wrong without any query on no data that shows it: duplicates, joins with what may be unbound, and
hashes of stored text beyond ASCII. It is known by its booleans (`Traits.numeric_booleans`)."""


@dataclass(frozen=True)
class Construct:
    """A part of the language: a query that shows whether an engine has it right, the only value of its column ?x;
    how a query is mended that uses it.
    """

    query: str
    value: str
    mend: str = ""


def _value(expression: str, value: str, mend: str = "") -> Construct:
    return Construct(f"SELECT (COALESCE(STR({expression}), 'none') AS ?x) WHERE {{}}", value, mend)


_TEXT: Final = "Put STR() around its argument."
CONSTRUCTS: Final[Mapping[str, Construct]] = {
    "casts": _value(f"<{_XSD}integer>('1.5')", "none"),
    "SECONDS": _value(f"DATATYPE(SECONDS('2024-11-27T10:00:01Z'^^<{_XSD}dateTime>))", f"{_XSD}decimal"),
    "REPLACE": _value("LANG(REPLACE('ab'@en, 'a', 'b'))", "en", _TEXT),
    "CONCAT": _value("CONCAT(7, 'a')", "none", _TEXT),
    "REGEX": _value("REGEX(<urn:kelisim:a>, 'a')", "none", _TEXT),
    "STRDT": _value("STRDT('a'@en, <urn:kelisim:a>)", "none", _TEXT),
    "STRLANG": _value("STRLANG('a'@en, 'en')", "none", _TEXT),
    ARITHMETIC: Construct(
        "SELECT (COALESCE(STR(1 + 'a'), STR('a' + 'b'), STR(DATATYPE(?y + ?z))) AS ?x) WHERE { "
        f"VALUES (?y ?z) {{ ('1.0'^^<{_XSD}double> '1.0'^^<{_XSD}decimal>) }} }}",
        f"{_XSD}double",
        "Say FILTER(ISNUMERIC(?x)) of each of its variables ?x.",
    ),
    OWN_TYPES: _value("COALESCE(STR('a'^^<urn:kelisim:t> != 'b'^^<urn:kelisim:t>), 'none')", "none"),
    "AVG": Construct(
        "SELECT (COALESCE(STR(?y), 'none') AS ?x) WHERE { { SELECT (AVG(?z) AS ?y) WHERE { VALUES ?z { 1 'a' } } } }",
        "none",
        "Divide SUM by COUNT.",
    ),
    "MINUS": Construct(
        "SELECT ?x WHERE { VALUES ?x { 1 } MINUS { VALUES ?z { 1 } OPTIONAL { ?z <urn:kelisim:a> ?x } } }",
        "1",
        "Use FILTER NOT EXISTS.",
    ),
}
"""By the names that are told; those of functions are the words of the language."""


def mends(names: Collection[str]) -> Iterator[str]:
    """How queries are mended that use these constructs."""
    told = {CLOSURES: "Use SELECT DISTINCT.", VALUES_BEHIND: "Put VALUES first."}
    for name in names:
        if mend := told.get(name) or (CONSTRUCTS[name].mend if name in CONSTRUCTS else ""):
            yield f"{name}: {mend}"


def used(tree: Tree[Token], iri: Callable[[Token], str], doubted: Collection[str]) -> list[str]:
    """Which of the constructs `doubted` a query uses where it makes a difference; `iri` tells that of a name."""
    if not doubted:
        return []
    found = dict.fromkeys((*_used(tree, iri, several=True), *_computed(tree, iri)))
    if not any(t.type == "OPTIONAL" for t in tokens(tree)):
        found.pop(VALUES_BEHIND, None)
    return [name for name in found if name in doubted]


def _used(node: Node, iri: Callable[[Token], str], *, several: bool) -> Iterator[str]:
    """`several`: duplicates make a difference here."""
    if isinstance(node, Token):
        return
    kind = str(node.data)
    if kind in ("select", "subselect"):
        several = not _is_set(node)
    elif kind in ("ask", "construct", "describe"):
        several = False
    signs = [child.type for child in node.children if isinstance(child, Token)]
    if kind == "builtin_call":
        several = several and "EXISTS" not in signs
        yield from _function(node)
    elif kind == "pattern" and "MINUS_PATTERN" in signs:
        several = False
        yield "MINUS"
    elif kind == "values" and signs:
        yield VALUES_BEHIND
    elif kind in ("iri_or_function", "function_call") and any(_is(c, "arguments") for c in node.children):
        if iri(next(tokens(node))) in _CASTS:
            yield "casts"
    elif kind == "path_element" and several and {"QUESTION", "STAR", "PLUS"}.intersection(signs):
        yield CLOSURES
    for child in node.children:
        yield from _used(child, iri, several=several)


def _computed(tree: Tree[Token], iri: Callable[[Token], str]) -> Iterator[str]:
    numbers = Numbers(tree, iri)
    for node in subtrees(tree):
        of_type = node.data == "builtin_call" and str(node.children[0]).upper() == "DATATYPE"
        if numbers.is_doubtful(node) or (of_type and numbers.is_computed(node)):
            yield ARITHMETIC
        signs = [child.type for child in node.children if isinstance(child, Token)]
        if node.data == "relation" and "UNEQUAL" in signs:
            types = (t for part in node.find_data("plain_literal") for t in part.find_data("iri"))
            if any(not iri(next(tokens(t))).startswith(_XSD) for t in types):
                yield OWN_TYPES


def _function(call: Tree[Token]) -> Iterator[str]:
    name = str(call.children[0]).upper()
    given = _arguments(call)
    text = given if name == "CONCAT" else given[:1]
    if CONSTRUCTS.get(name, Construct("", "")).mend != _TEXT or not all(map(_is_plain, text)):
        yield name


def _is_set(select: Tree[Token]) -> bool:
    """Whether the solutions of a SELECT are as many, however often each is found."""
    clause = next(c for c in select.children if isinstance(c, Tree) and c.data == "select_clause")
    distinct = any(isinstance(c, Token) and c.type == "DISTINCT" for c in clause.children)
    return distinct and not any(t.type in ("COUNT", "AGGREGATE", "GROUP_CONCAT", "GROUP") for t in _outside(select))


def _outside(select: Tree[Token]) -> Iterator[Token]:
    """The tokens of a SELECT without its pattern."""
    for child in select.children:
        if isinstance(child, Tree) and child.data != "where":
            yield from tokens(child)


def _is_plain(node: Node) -> bool:
    """Whether an expression is text without a language by its form."""
    while isinstance(node, Tree) and node.data != "builtin_call":
        if node.data == "plain_literal" or len(node.children) != 1:
            return [t.type for t in tokens(node)] == ["STRING"]
        (node,) = node.children
    if isinstance(node, Token):
        return node.type == "STRING"
    name, given = str(node.children[0]).upper(), _arguments(node)
    if name in _PASSING:
        return all(map(_is_plain, given if name == "CONCAT" else given[:1]))
    return name in _PLAIN


def _arguments(call: Tree[Token]) -> list[Tree[Token]]:
    return [c for e in call.children if _is(e, "expressions") for c in e.children if isinstance(c, Tree)]  # type: ignore[union-attr]


def _is(node: Node, kind: str) -> bool:
    return isinstance(node, Tree) and node.data == kind
