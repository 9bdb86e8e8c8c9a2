"""The commands that tell of single things, and the completion of all commands by the shell."""

import json
import re

import click
from click.shell_completion import CompletionItem, get_completion_class
from rich.console import Console

from kg.cli import cli, loaded
from kg.facts import WINDOW
from kg.sections import SECTIONS

__all__ = ["completion", "show"]

_DECLARED = re.compile(r"^id:([\w-]+) a ", re.MULTILINE)


def _things(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The identifiers of curated entities that begin so, read from their files as text, since a shell does not wait."""
    from kg.curation import packaged_data
    from kg.files import list_files, read_text

    folder = (ctx.find_root().obj or packaged_data()).joinpath("entities")
    names = (name for file in list_files(folder, ".ttl") for name in _DECLARED.findall(read_text(file)))
    return [CompletionItem(name) for name in sorted(set(names)) if name.startswith(incomplete)]


@cli.command()
@click.argument("thing", shell_complete=_things)
@click.option("--language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="Of names.")
@click.option(
    "--part",
    type=click.Choice(["timeline", "said", *(section.name for section in SECTIONS)]),
    help="Show this section alone and in full.",
)
@click.option("--after", default=0, help=f"Pass over so many links to the thing; {WINDOW} are looked at in one go.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context, thing: str, language: str, part: str | None, after: int, as_json: bool
) -> None:
    """Tell what the graph holds of THING, with who says so: a slug, a prefixed name, an IRI, or a name."""
    from kg.engine import Engine
    from kg.naming import resolve
    from kg.reader import Reader
    from kg.show import as_json as in_json
    from kg.show import render
    from kg.things import describe

    reader = Reader(Engine(loaded(ctx).quads))
    found = describe(reader, resolve(reader, thing), language, part or "", after)
    assert found is not None  # what `resolve` gives is known
    if as_json:
        click.echo(json.dumps(in_json(found), ensure_ascii=False, indent=1))
    else:
        Console().print(render(found))


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete the commands: eval "$(kelisim completion bash)"."""
    complete = get_completion_class(shell)
    assert complete is not None
    click.echo(complete(cli, {}, "kelisim", "_KELISIM_COMPLETE").source())
