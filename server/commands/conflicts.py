"""``kelisim conflicts``: prints where claims do not agree."""

import json

import click

from kg.commands.cli import cli, load_dataset
from kg.commands.completion import things
from kg.conflicts.kinds import KINDS

__all__ = ["conflicts"]


@cli.command()
@click.option("--kind", type=click.Choice(KINDS), help="Only those of one kind.")
@click.option("--thing", shell_complete=things, help="Only those with this thing or claim: its identifier or name.")
@click.option(
    "--language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="To tell them in."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def conflicts(ctx: click.Context, kind: str | None, thing: str | None, language: str, as_json: bool) -> None:
    """Tell where claims do not agree, who says which, and why it may be no conflict.

    For instance: kelisim conflicts --kind figures --language ru
    """
    from rich.console import Console

    from kg.commands.conflicts import render
    from kg.engine.engine import Engine
    from kg.search.lookup import resolve
    from kg.store.reader import Reader
    from kg.views.conflicts import as_json as in_json
    from kg.views.conflicts import conflict_notes, read_conflicts
    from server.http.languages import translator

    reader = Reader(Engine(load_dataset(ctx).quads))
    found = read_conflicts(reader).chosen(kind or "", resolve(reader, thing) if thing else "")
    notes, translate = conflict_notes(reader, found, language), translator(language)
    if as_json:
        click.echo(json.dumps([in_json(each, notes) for each in found], ensure_ascii=False, indent=1))
    elif found:
        Console().print(render(found, notes, translate))
    else:
        none = translate("No conflict fits these filters.") if kind or thing else translate(_NONE)
        click.echo(f"{none} {translate(_PROVES_NOTHING)}")


_NONE = "No conflict was found in these sources."
_PROVES_NOTHING = "That proves nothing: what they do not tell cannot be compared."
