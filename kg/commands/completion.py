"""``kelisim completion``: shell completion of commands and of identifiers."""

import re

import click
from click.shell_completion import CompletionItem, get_completion_class

from kg.commands.cli import cli

__all__ = ["completion", "things"]

_DECLARED = re.compile(r"^id:([\w-]+) a ", re.MULTILINE)


def things(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The identifiers of curated entities with that prefix, searched in the files as text, which is fast."""
    from kg.curation.curated import curated_folders
    from kg.rdf.files import read_text, walk_files

    folders = [folder.joinpath("entities") for _, folder in curated_folders(ctx.find_root().obj)]
    files = (file for folder in folders for _, file in walk_files(folder, ".ttl")[0])
    names = (name for file in files for name in _DECLARED.findall(read_text(file)))
    return [CompletionItem(name) for name in sorted(set(names)) if name.startswith(incomplete)]


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete the commands: eval "$(kelisim completion bash)"."""
    complete = get_completion_class(shell)
    assert complete is not None
    click.echo(complete(cli, {}, "kelisim", "_KELISIM_COMPLETE").source())
