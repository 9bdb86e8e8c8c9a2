"""``kelisim explain``: prints why a query has no rows, and what each line leaves of them."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kg.explanations.case import told
from kg.explanations.findings import Explanation, Finding, Line
from kg.explanations.probing import Count
from kg.language.messages import Translate
from ontology.namespaces import shorten

_FIRST = 5


def render(explanation: Explanation, say: Translate, *, everything: bool = False) -> RenderableType:
    """The explanation for the terminal, with all findings or the most useful only."""
    findings = explanation.findings if everything else explanation.findings[:_FIRST]
    return Group(*_parts(explanation, findings, say))


def _parts(explanation: Explanation, findings: Sequence[Finding], say: Translate) -> Iterator[RenderableType]:
    rows = explanation.rows
    if rows is None:
        yield Text(say("It took too long to count the rows."), style="bold")
    elif rows:
        yield Text(say("Rows: {number}").format(number=rows), style="bold")
    else:
        yield Text(say("The query has no rows."), style="bold")
    if explanation.steps:
        yield Text()
        yield _steps(explanation, say)
    for number, found in enumerate(findings, 1):
        yield Text()
        yield from _finding(number, found, say)
    if len(findings) < len(explanation.findings):
        yield Text()
        yield Text(say("More of less use: add --all."))
    if explanation.missed:
        yield Text()
        yield Text(say("Time did not suffice for all: {number} parts were not run.").format(number=explanation.missed))


def _steps(explanation: Explanation, say: Translate) -> Table:
    table = Table(say("place"), say("element"))
    table.add_column(say("alone"), justify="right")
    table.add_column(say("so far"), justify="right")
    for step in explanation.steps:
        style = "bold red" if step.through is not None and not step.through else None
        table.add_row(
            _place(step.at), Text(_printable(step.at.text)), _count(step.alone), _count(step.through), style=style
        )
    return table


def _finding(number: int, found: Finding, say: Translate) -> Iterator[RenderableType]:
    values = {name: _printable(value) for name, value in found.values.items()}
    yield Text(f"{number}. {say(found.template) % values}", style="bold")
    for line in found.lines:
        yield Text(f"   {_place(line)}  {_printable(line.text)}")
    for claim in found.claims:
        told_by = f"{shorten(claim['speaker'])}, {shorten(claim['modality'])}: {claim.get('gloss', '')}"
        yield Text(f"   {shorten(claim['claim'])}  {_printable(told_by)}", style="italic")
    if found.query and found.rows is not None:
        counted = say("With this query, rows: {number}").format(number=found.rows)
        yield Text(f"   {counted}", style="green")
        for text in found.query.strip().splitlines():
            yield Text(f"      {_printable(text)}", style="cyan")
    for row in found.examples[:1]:
        shown = ", ".join(f"?{name} = {told(term)}" for name, term in row.items())
        if shown:
            instance = say("For instance:")
            yield Text(f"   {instance} {_printable(shown)}")


def _place(line: Line) -> str:
    return f"{line.line}:{line.column}" if line.line else "–"


def _count(count: Count | None) -> str:
    return "" if count is None else str(count)


def _printable(text: str) -> str:
    """The text in one line, without characters that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
