"""An explanation as JSON."""

from collections.abc import Mapping
from typing import Any

import pyoxigraph as ox

from kg.explanations.findings import Explanation, Line
from kg.explanations.probing import Count
from kg.language.messages import Translate
from kg.store.reader import Row, Term


def record(explanation: Explanation, translate: Translate) -> dict[str, Any]:
    """The explanation with its messages in the reader's language; numbers of rows that are not known are null."""
    return {
        "rows": _count(explanation.rows),
        "steps": [
            {**_line(step.at), "alone": _count(step.alone), "through": _count(step.through)}
            for step in explanation.steps
        ],
        "failing": [[_line(line) for line in part] for part in explanation.failing],
        "findings": [
            {
                "kind": found.kind,
                "message": translate(found.template) % found.values,
                "lines": [_line(line) for line in found.lines],
                "query": found.query or None,
                "rows": _count(found.rows),
                "examples": [_row(row) for row in found.examples],
                "claims": [dict(claim) for claim in found.claims],
            }
            for found in explanation.findings
        ],
        "missed": explanation.missed,
        "queries": explanation.run,
        "seconds": round(explanation.seconds, 3),
    }


def _count(count: Count | None) -> dict[str, int | bool] | None:
    return None if count is None else {"number": count.number, "more": count.more}


def _line(line: Line) -> dict[str, str | int]:
    return {"text": line.text, "line": line.line, "column": line.column}


def _row(row: Row) -> Mapping[str, dict[str, str]]:
    """A solution as in SPARQL 1.1 Query Results JSON, section 3.2.2."""
    return {name: _term(term) for name, term in row.items()}


def _term(term: Term) -> dict[str, str]:
    if not isinstance(term, ox.Literal):
        return {"type": "uri" if isinstance(term, ox.NamedNode) else "bnode", "value": term.value}
    more = {"xml:lang": term.language} if term.language else {"datatype": term.datatype.value}
    return {"type": "literal", "value": term.value, **more}
