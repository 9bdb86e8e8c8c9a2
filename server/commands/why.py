"""``kelisim why``: prints why a triple is in the graph."""

import json

import click

from kg.commands.cli import cli, load_dataset

__all__ = ["why"]


@cli.command()
@click.argument("subject")
@click.argument("predicate")
@click.argument("value")
@click.option(
    "--language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="To tell it in."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def why(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context, subject: str, predicate: str, value: str, language: str, as_json: bool
) -> None:
    """Tell why the triple SUBJECT PREDICATE VALUE is in the graph: who tells it, or how it follows.

    Terms are prefixed names, IRIs or literals: kelisim why id:obs-kz-ru-trade-2023 kel:party id:kazakhstan
    """
    from rich.console import Console

    from kg.commands.why import render
    from kg.engine.engine import Engine
    from kg.rdf.terms import parse_triple
    from kg.store.reader import Reader
    from kg.views.why import as_json as in_json
    from kg.views.why import read_why
    from server.http.languages import translator

    triple = parse_triple(subject, predicate, value)
    found = read_why(Reader(Engine(load_dataset(ctx).quads)), triple, language)
    if as_json:
        click.echo(json.dumps(in_json(found), ensure_ascii=False, indent=1))
    else:
        Console().print(render(found, translator(language)))
    if not found.found:
        ctx.exit(1)
