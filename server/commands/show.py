"""``kelisim show``: prints what the graph holds about one thing."""

import json

import click

from kg.commands.cli import cli, load_dataset
from kg.commands.completion import things
from kg.views.sections import SECTIONS

__all__ = ["show"]


@cli.command()
@click.argument("thing", shell_complete=things)
@click.option(
    "--language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="To tell it in."
)
@click.option(
    "--part",
    type=click.Choice(["timeline", "said", *(section.name for section in SECTIONS)]),
    help="Show this section alone and in full.",
)
@click.option("--after", default=0, help="Pass over so many links to the thing, as the end of an earlier output says.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context, thing: str, language: str, part: str | None, after: int, as_json: bool
) -> None:
    """Tell what the graph holds of THING, with who says so: a slug, a prefixed name, an IRI, or a name."""
    from rich.console import Console

    from kg.commands.show import as_json as in_json
    from kg.commands.show import render
    from kg.engine.engine import Engine
    from kg.search.lookup import resolve
    from kg.store.reader import Reader
    from kg.views.things import describe
    from server.http.languages import translator

    reader = Reader(Engine(load_dataset(ctx).quads))
    found = describe(reader, resolve(reader, thing), language, part or "", after)
    assert found is not None  # `resolve` returns only IRIs of the graph
    if as_json:
        click.echo(json.dumps(in_json(found, translator(language)), ensure_ascii=False, indent=1))
    else:
        Console().print(render(found, language, translator(language)))
