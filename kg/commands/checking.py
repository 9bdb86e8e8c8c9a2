"""The commands that check the curated files: ``verify``, ``coverage``, ``validate`` and ``reason``."""

import json
from pathlib import Path

import click

from kg.commands.cli import articles_option, cli, curation
from kg.commands.progress import progress
from ontology import KelisimError
from ontology.namespaces import shorten

__all__ = ["coverage", "reason", "validate", "verify"]

_PLACES = 5
"""How many of the claims about a thing are named."""

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


@cli.command()
@articles_option
@_json_option
@click.pass_context
def verify(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Check every claim against the articles: hashes, passages, printed figures, own words."""
    from kg.curation.verification import verify as check

    curated = curation(ctx)
    with progress("Holding the claims against the articles"):
        problems = check(curated, folder)
    count = len(curated.own.claims)
    if as_json:
        _print_json({"claims": count, "problems": [vars(problem) for problem in problems]})
    for problem in () if as_json else problems:
        click.echo(str(problem), err=True)
    if problems:
        raise KelisimError(f"{len(problems)} problems in {count} claims.")
    if not as_json:
        click.echo(f"{count} claims hold against the articles.")


@cli.command()
@articles_option
@_json_option
@click.pass_context
def coverage(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Show, paragraph by paragraph, how many claims stand on it."""
    from kg.commands.printing import print_coverage
    from kg.curation.coverage import coverage as measure

    rows = measure(curation(ctx), folder)
    if as_json:
        _print_json([vars(r) for r in rows])
    else:
        print_coverage(rows)
    bad = [f"{r.article} paragraph {r.paragraph}" for r in rows if not r.valid]
    if bad:
        raise KelisimError(f"{', '.join(bad)}: curate a claim or give the reason in omissions.ttl, and not both.")


@cli.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "turtle", "json"]), default="table", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.pass_context
def validate(ctx: click.Context, files: tuple[Path, ...], form: str) -> None:
    """Check the graph, or claims in FILES together with it, against the SHACL shapes."""
    from rich.console import Console

    from kg.curation.validation import places, validate_curation
    from shapes.report import as_json, render

    with progress("Holding the graph against the shapes"):
        curated = curation(ctx)
        report = validate_curation(curated, files)
    if form == "turtle":
        click.echo(report.to_turtle(), nl=False)
    elif form == "json":
        _print_json(as_json(report))
    else:
        Console(emoji=False).print(render(report))
        for iri, where in places(report, curated, files).items():
            rest = f", and {len(where) - _PLACES} more" if len(where) > _PLACES else ""
            click.echo(f"{shorten(iri)}: {', '.join(where[:_PLACES])}{rest}")
    if not report.conforms:
        ctx.exit(1)


@cli.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write here what the OWL 2 RL rules infer (N-Triples), if all is consistent.",
)
@click.option(
    "--with",
    "extra",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take this Turtle file in too.",
)
@_json_option
@click.pass_context
def reason(ctx: click.Context, output: Path | None, extra: Path | None, as_json: bool) -> None:
    """Check ontology and facts for consistency with HermiT, and write what follows from them by the OWL 2 RL rules."""
    from kg.curation.consistency import check

    with progress("Reasoning with HermiT"):
        result = check(curation(ctx), extra)
    if as_json:
        _print_json(result.as_json())
    else:
        click.echo(result.in_words())
    if output and result.verdict.consistent:
        from kg.curation.export import write

        write(result.inferred, output)
        click.echo(f"Wrote {output}.", err=as_json)
    if not result.sound:
        ctx.exit(1)
