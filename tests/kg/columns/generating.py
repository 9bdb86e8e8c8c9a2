"""Random graphs with awkward literals, and random queries over them: of what columns may answer, and beyond."""

from pathlib import Path

import pyoxigraph as ox
from hypothesis import strategies as st

from kg.columns.answering import Columns
from kg.columns.building import build
from kg.engine.engine import Engine
from kg.rdf.normalization import normalized_lines

E = "http://e.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
Object = ox.NamedNode | ox.BlankNode | ox.Literal


def iri(name: object) -> ox.NamedNode:
    return ox.NamedNode(f"{E}{name}")


def typed(text: str, datatype: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + datatype))


def integer(number: int) -> ox.Literal:
    return typed(str(number), "integer")


NODES: list[ox.NamedNode | ox.BlankNode] = [
    *(iri(n) for n in ("a", "a/b", "a-b", "é", "\U0001f600", "z")),
    ox.BlankNode("b1"),
]
SMALL = [integer(n) for n in (-7, -1, 0, 1, 2, 3, 10)]
TEXTS = ['tab\t "quote" \\ line\n <x> .', "a", "State 1", "état", "ПЁС", "straße", "", "\x01", "'", "b"]
VALUES: dict[str, list[Object]] = {
    "link": [*NODES],
    "back": [*NODES[:6]],
    "type": [iri("A"), iri("B")],
    "size": [*SMALL],
    "large": [integer(10**18 - n) for n in range(1, 4)],
    "huge": [integer(1), integer(10**25)],
    "price": [typed(t, "decimal") for t in ("1.5", "-0.25", "3", "100.125", "0", "7.000001")],
    "exact": [typed(t, "decimal") for t in ("123456789012345.6", "0.0000000000000001", "1")],
    "day": [typed(t, "date") for t in ("2020-02-29", "1999-12-31", "2024-01-01", "0044-03-15")],
    "zoned": [typed(t, "date") for t in ("2020-02-29", "2020-02-29Z", "2020-02-28+05:00", "2021-02-29")],
    "moment": [typed(t, "dateTime") for t in ("2020-02-29T23:59:59", "2020-02-29T24:00:00", "1999-12-31T00:00:00")],
    "name": [ox.Literal(t) for t in TEXTS],
    "label": [ox.Literal(t, language="en") for t in TEXTS],
    "title": [ox.Literal(t, language=g) for t in TEXTS[:3] for g in ("en", "en-US", "kk")],
    "mixed": [*SMALL, iri("a"), ox.Literal("1"), ox.Literal("1", language="en"), ox.Literal("x", datatype=iri("t"))],
    "kinds": [
        *(typed(t, d) for t, d in (("01", "integer"), ("1.0", "decimal"), ("1", "double"), ("x", "integer"))),
        *(typed(t, d) for t, d in (("1", "int"), ("true", "boolean"), ("2024", "gYear"))),
        ox.BlankNode("b1"),
    ],
}
"""Predicates with their objects."""

VALUED = [name for name in VALUES if name not in ("link", "back", "type")]


def _quad(name: str) -> st.SearchStrategy[ox.Quad]:
    return st.builds(
        lambda s, o, g: ox.Quad(s, RDF_TYPE if name == "type" else iri(name), o, g),
        st.sampled_from(NODES),
        st.sampled_from(VALUES[name]),
        st.sampled_from([ox.DefaultGraph()] * 5 + [iri("g")]),
    )


@st.composite
def graphs(draw: st.DrawFn) -> list[ox.Quad]:
    """Quads; some predicates have one object for each of the same subjects."""
    quads = draw(st.lists(st.sampled_from([*VALUES]).flatmap(_quad), min_size=20, max_size=80))
    for name in draw(st.lists(st.sampled_from(["size", "day", "price", "label", "back", "type"]), max_size=4)):
        predicate = RDF_TYPE if name == "type" else iri(name)
        quads = [q for q in quads if q.predicate != predicate]
        quads += [ox.Quad(s, predicate, draw(st.sampled_from(VALUES[name]))) for s in NODES[:5]]
    return quads


_NUMERIC = st.sampled_from(
    ["?v", "?w", "1", "2.5", "-1", "YEAR(?v)", "?v + 1", "?v - ?w", "?w / 2", "ABS(?v)", "MONTH(?w)"]
)
_STRING = st.sampled_from(
    ["STR(?v)", "STR(?x)", "?v", "?w", "LANG(?v)", '"a"', "LCASE(?v)", "SUBSTR(?v, 2, 3)", "UCASE(STR(?x))"]
)
_PART = st.sampled_from(['"a"', '"e 1"', '""', '"http"', '"ПЁ"'])
_REGULAR = st.sampled_from(['"^a"', '"a|e"', '"S.*1$"', '"."', '"t. "', '"ё", "i"', '"^$"', '"A", "i"', '"STATE", "i"'])
_LISTED = st.sampled_from(["1, 2", f"<{E}a>, <{E}z>", '"a", "b"', '"a"@en', "1.5, 3"])
_COMPARED = st.sampled_from(["=", "!=", "<", ">", "<=", ">="])


@st.composite
def conditions(draw: st.DrawFn, depth: int = 1) -> str:  # noqa: PLR0911 - one for each kind
    """A filter."""
    if depth and draw(st.integers(0, 3)) == 0:
        inner = conditions(depth - 1)
        return draw(st.sampled_from(["{} && {}", "{} || {}", "!({}) || {}"])).format(draw(inner), draw(inner))
    match draw(st.integers(0, 9)):
        case 0 | 1:
            return f"{draw(_NUMERIC)} {draw(_COMPARED)} {draw(_NUMERIC)}"
        case 2:
            return f"{draw(_STRING)} {draw(_COMPARED)} {draw(_STRING)}"
        case 3:
            function = draw(st.sampled_from(["CONTAINS", "STRSTARTS", "STRENDS"]))
            return f"{function}({draw(_STRING)}, {draw(_PART)})"
        case 4:
            return f"REGEX({draw(_STRING)}, {draw(_REGULAR)})"
        case 5:
            return f"?v IN ({draw(_LISTED)})"
        case 6:
            return draw(st.sampled_from(["?x = ?y", "?x != ?y", f"?x = <{E}a>", f"<{E}nothing> != ?y", "?v = ?w"]))
        case 7:
            return draw(
                st.sampled_from(['LANGMATCHES(LANG(?v), "en")', 'LANG(?v) = "en"', "ISIRI(?x)", "ISLITERAL(?v)"])
            )
        case 8:
            pattern = _pattern(draw, draw(st.sampled_from([*VALUES])))
            return draw(st.sampled_from(["EXISTS { %s }", "NOT EXISTS { %s }"])) % pattern
    return draw(
        st.sampled_from(
            ["BOUND(?w)", "!BOUND(?v)", f'?v > "2000-01-01"^^<{XSD}date>', f'?v = "2024-01-01"^^<{XSD}date>']
        )
    )


def _pattern(draw: st.DrawFn, name: str) -> str:
    if name == "type":
        return draw(st.sampled_from([f"?x a <{E}A> .", f"?x a <{E}A> .", f"?y a <{E}A> .", "?x a ?c ."]))
    plain = st.sampled_from(["?x", "?y", "?z"])
    value = draw(plain if name in ("link", "back") else st.sampled_from(["?v", "?w", "?w"]))
    value = draw(st.sampled_from([value] * 12 + [f"<{E}a>", "1", '"a"', '"b"@en']))
    subject = draw(st.sampled_from(["?x"] * 5 + ["?y", "?y", "?z", f"<{E}a>"]))
    path = draw(st.sampled_from([f"<{E}{name}>"] * 8 + [f"<{E}link>/<{E}{name}>", f"^<{E}back>/<{E}{name}>", "?p"]))
    return f"{subject} {path} {value} ."


@st.composite
def groups(draw: st.DrawFn, depth: int = 1) -> str:
    """What stands between braces."""
    names = draw(st.lists(st.sampled_from([*VALUES]), min_size=1, max_size=3))
    parts = [f"?x <{E}{names[0]}> ?v ."] if names[0] in VALUED and draw(st.integers(0, 4)) else []
    parts += [_pattern(draw, name) for name in names[bool(parts) :]]
    for _ in range(draw(st.integers(0, 2)) if depth else 0):
        match draw(st.integers(0, 7)):
            case 0 | 1:
                parts.append(f"FILTER({draw(conditions())})")
            case 2:
                parts.append(f"OPTIONAL {{ {draw(groups(depth - 1))} }}")
            case 3:
                parts.append(f"{{ {draw(groups(depth - 1))} }} UNION {{ {draw(groups(depth - 1))} }}")
            case 4:
                parts.append(f"MINUS {{ {draw(groups(depth - 1))} }}")
            case 5:
                expression = draw(
                    st.one_of(_NUMERIC, _STRING, st.just("COALESCE(?v, ?w)"), st.just("IF(?v > 1, 1, 2)"))
                )
                parts.append(f"BIND({expression} AS ?b)")
            case 6:
                terms = draw(st.sampled_from([f"<{E}a> <{E}z>", f"<{E}nothing> <{E}é>", f"<{E}a> <{E}a>"]))
                name = draw(st.sampled_from(["?x", "?y", "?n"]))
                parts.insert(draw(st.integers(0, 1)), f"VALUES {name} {{ {terms} }}")
            case 7:
                parts.append(f"{{ {draw(selects(depth - 1))} }}")
    return " ".join(parts)


@st.composite
def selects(draw: st.DrawFn, depth: int = 1) -> str:
    """SELECT without order and limits."""
    text = draw(groups(depth))
    some = st.sampled_from(sorted({w.strip("(),!") for w in text.split() if w.strip("(),!")[:1] == "?"}) or ["?x"])
    if not draw(st.booleans()):
        names = " ".join(draw(st.lists(some, min_size=1, max_size=3, unique=True)))
        columns = draw(st.sampled_from(["*", names, names, f"DISTINCT {names}", f"({draw(_NUMERIC)} AS ?n0)"]))
        return f"SELECT {columns} WHERE {{ {text} }}"
    keys = draw(st.lists(some, max_size=2, unique=True))
    chosen = [key for key in keys if draw(st.booleans())]
    if draw(st.integers(0, 5)) == 0:
        keys.append("(YEAR(?v) AS ?year)")
        chosen.append("?year")
    for number in range(draw(st.integers(1, 2))):
        function = draw(st.sampled_from(["COUNT", "COUNT", "SUM", "AVG", "MIN", "MAX"]))
        inner = draw(st.sampled_from(["*", "", "DISTINCT "]))
        of = draw(st.one_of(some, some, _NUMERIC))
        inner = "*" if inner == "*" and function == "COUNT" else inner.strip("*") + of
        chosen.append(f"({function}({inner}) AS ?n{number})")
    tail = f" GROUP BY {' '.join(keys)}" if keys else ""
    if draw(st.integers(0, 4)) == 0:
        tail += draw(st.sampled_from([" HAVING(COUNT(*) > 1)", " HAVING(?n0 > 1)", f" HAVING(MAX({draw(some)}) < 3)"]))
    tail += draw(st.sampled_from([""] * 8 + [f" VALUES {draw(some)} {{ <{E}a> 1 }}"]))
    return f"SELECT {' '.join(chosen)} WHERE {{ {text} }}{tail}"


def over(quads: list[ox.Quad], folder: Path) -> tuple[Engine, Columns]:
    """The row engine with quads, and columns of them."""
    lines = normalized_lines(quads)
    store = ox.Store()
    store.extend(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS))
    build(sorted({*lines}), folder / "columns")
    return Engine(store), Columns(folder / "columns", least=0)
