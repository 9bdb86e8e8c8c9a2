"""The row that is asked about, as VALUES at the end of the query."""

from collections.abc import Mapping, Sequence
from typing import Final

from lark import Token

from kg.engine.faults import syntax_error
from kg.engine.lexer import lex
from kg.explanations.editing import edited
from kg.explanations.reading import Reading, read

_TERMS: Final = frozenset(("IRI", "PREFIXED", "STRING", "LANGUAGE", "CARETS", "NUMBER", "BOOLEAN", "MINUS", "PLUS"))


def with_row(query: str, row: str, dataset: Sequence[str], known: Mapping[str, str]) -> tuple[str, int]:
    """The query with the row and the dataset, and how many characters were put before it to declare prefixes.

    Raises QuerySyntaxError for a row that is none of the query's.
    """
    reading = read(query)
    clauses = " ".join(f"FROM <{graph}>" for graph in dataset) if dataset else None
    if any(set(graph) & set('<>"{}|^`\\ ') for graph in dataset):
        raise syntax_error("A graph IRI in the request is malformed.")
    values = _values(reading, row) if row.strip() else ""
    text = edited(reading, {}, dataset=clauses, added=values)
    declared = reading.prefixes
    before = "".join(f"PREFIX {prefix}: <{known[prefix]}> " for prefix in sorted(known) if prefix not in declared)
    return before + text, len(before)


def _values(reading: Reading, row: str) -> str:
    names, terms = list[str](), list[str]()
    waiting = [t for t in lex(row) if t.type not in ("COMMA", "SEMICOLON")]
    there = frozenset[str]().union(*(leaf.bound_with_graph for leaf in reading.root.leaves()))
    while waiting:
        name, sign, *waiting = waiting if len(waiting) > 2 else [*waiting, *[Token("END", "")] * 3][:3]
        if name.type != "VARIABLE" or sign.type != "EQUAL":
            raise syntax_error(
                "The row cannot be read at “%(found)s”. Write ?variable=value, such as ?who=id:astana.", found=name
            )
        if name[1:] not in there:
            listed = ", ".join(f"?{n}" for n in sorted(there) if not n.startswith(("node_", "step_", "blank_")))
            raise syntax_error(
                "The pattern of the query has no variable %(name)s. It has: %(listed)s.", name=name, listed=listed
            )
        own = list[Token]()
        while waiting and waiting[0].type in _TERMS:
            own.append(waiting.pop(0))
        if not own:
            raise syntax_error(
                "The row has no value for %(name)s: write an IRI, a prefixed name or a literal.", name=name
            )
        names.append(f"?{name[1:]}")
        terms.append("".join(own))
    return f"VALUES ({' '.join(names)}) {{ ({' '.join(terms)}) }}"
