"""``kelisim completion``: shell completion of commands and of identifiers."""

import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

import click
from click.shell_completion import CompletionItem, get_completion_class

from kg.commands.cli import cli

__all__ = ["completion", "things"]

_DECLARED = re.compile(rb"^id:([\w-]+) a ", re.MULTILINE)


def things(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The identifiers of curated entities with that prefix, searched in the files as text, which is fast."""
    data = ctx.find_root().obj
    if data:
        from kg.curation.curated import curated_folders

        folders = [folder.joinpath("entities") for _, folder in curated_folders(data)]
    else:
        folders = [resources.files("kg").joinpath("data", "entities")]
    names = (n.decode() for each in folders for file in _files(each) for n in _DECLARED.findall(file.read_bytes()))
    return [CompletionItem(name) for name in sorted(set(names)) if name.startswith(incomplete)]


def _files(folder: Traversable) -> Iterator[Traversable]:
    """The Turtle files in a folder; by what is loaded anyway, since somebody waits for each completion."""
    for each in folder.iterdir() if folder.is_dir() else ():
        if each.is_dir():
            yield from _files(each)
        elif each.name.endswith(".ttl"):
            yield each


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete the commands: eval "$(kelisim completion bash)"."""
    complete = get_completion_class(shell)
    assert complete is not None
    click.echo(complete(cli, {}, "kelisim", "_KELISIM_COMPLETE").source())
