"""The commands of packages: ``new`` makes one, ``test`` runs its tests."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kg.commands.check import finding_line
from kg.commands.cli import articles_of, cli
from kg.commands.progress import progress
from kg.curation.shipped import packaged_data

if TYPE_CHECKING:
    from kg.packages.answers import Row, Tested
    from kg.packages.testing import Outcome

__all__ = ["new", "run_package_tests"]

_SHOWN: Final = 20
"""How many rows of a difference are shown; of an answer that is accepted, all are."""


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default="", help="What names of its own begin with.  [default: the folder's name]")
@click.option("--standalone", is_flag=True, help="Do not build on the shipped graph, but on the ontology alone.")
def new(folder: Path, name: str, standalone: bool) -> None:
    """Make a package in FOLDER: a graph of your own, with its articles, entities, claims, questions and answers.

    It holds one invented article, to show how it is done, and passes its own tests (kelisim test).

    kelisim new harbour
    """
    from kg.packages.scaffold import new_package

    made = new_package(folder, name, standalone=standalone)
    shown = shlex.quote(str(folder))
    click.echo(f"Made the package {made} in {folder}. Next read {folder / 'README.md'}, then:")
    click.echo(f"  kelisim test {shown}\n  kelisim --data {shown} check\n  kelisim --data {shown} serve")


@cli.command("test")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--articles",
    type=click.Path(path_type=Path),
    help="Folder with the articles' texts.  [default: that of the package, if it is there]",
)
@click.option("--accept", "accepting", is_flag=True, help="Show the answers that are missing, and write them.")
@click.option("--no-reasoning", is_flag=True, help="Leave out the reasoner, which takes longest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def run_package_tests(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context, folder: Path | None, articles: Path | None, accepting: bool, no_reasoning: bool, as_json: bool
) -> None:
    """Run the tests of the package in FOLDER, or of the shipped graph: all checks, the shapes, the reasoner, and its
    questions (questions/NAME.rq) against their answers (answers/NAME.csv).

    Ends with status 1 if anything is wrong. Warnings of the checks are told, and may be right.

    kelisim test harbour --accept
    """
    from dataclasses import replace

    from kg.packages.answers import accept
    from kg.packages.testing import run_tests

    data = folder or ctx.obj or Path(str(packaged_data()))
    with progress("Testing"):
        outcome = run_tests(data, articles or articles_of(data), reasoning=not no_reasoning)
    if accepting:
        _show_missing(outcome.questions, as_json)
        outcome = replace(outcome, questions=tuple(accept(tested, data) for tested in outcome.questions))
    if as_json:
        click.echo(json.dumps(outcome.as_json(), ensure_ascii=False, indent=1))
    else:
        _print(outcome, data)
    if not outcome.passed:
        ctx.exit(1)


def _show_missing(questions: "tuple[Tested, ...]", as_json: bool) -> None:
    for tested in questions:
        if tested.status == "missing" and tested.table:
            click.echo(f"{tested.name}: {' | '.join(tested.table.variables)}", err=as_json)
            for row in tested.table.rows:
                click.echo(f"  {' | '.join(row)}", err=as_json)


def _print(outcome: "Outcome", data: Path) -> None:
    from kg.packages.testing import failures

    for finding in outcome.findings:
        click.echo(finding_line(finding, data))
    for line in failures(outcome):
        click.echo(line)
    for tested in outcome.questions:
        if tested.message:
            click.echo(f"{f'question {tested.name}: ' if tested.name else ''}{tested.status}: {tested.message}")
        _print_rows("-", tested.lost)
        _print_rows("+", tested.gained)
    for unchecked in outcome.unchecked:
        click.echo(f"Unchecked: {unchecked}", err=True)
    _print_summary(outcome)


def _print_rows(sign: str, rows: "tuple[Row, ...]") -> None:
    for row in rows[:_SHOWN]:
        click.echo(f"  {sign} {' | '.join(row)}")
    if len(rows) > _SHOWN:
        click.echo(f"  {sign} and {len(rows) - _SHOWN} rows more")


def _print_summary(outcome: "Outcome") -> None:
    """One line: the numbers, and whether all is well."""
    errors = len(outcome.errors)
    answered = sum(tested.passed for tested in outcome.questions)
    accepted = sum(tested.status == "accepted" for tested in outcome.questions)
    warnings = len(outcome.findings) - errors
    checked = f"{errors} error{'s' * (errors != 1)} and {warnings} warning{'s' * (warnings != 1)}"
    now = f", {accepted} of them now" if accepted else ""
    asked = f"{answered} of {len(outcome.questions)} questions as expected{now}"
    result = "Passed" if outcome.passed else "Failed"
    click.echo(f"{result}: {outcome.claims} claims with {checked}; {asked}.")
