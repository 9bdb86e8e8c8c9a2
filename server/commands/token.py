"""``kelisim token``: the tokens of a store."""

import json
from pathlib import Path

import click

from kg.commands.cli import cli

_FOLDER = click.Path(file_okay=False, path_type=Path)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: object) -> None:
    """Prints a value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


@cli.group()
def token() -> None:
    """Make and revoke tokens for a store."""


@token.command()
@click.argument("name")
@click.option("--store", "folder", required=True, type=_FOLDER, help="Folder of the store.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["query", "update", "admin", "replicate"]),
    default=["update"],
    show_default=True,
    help="What its holder may do; may be given several times.",
)
def create(name: str, folder: Path, scopes: tuple[str, ...]) -> None:
    """Make the token NAME and print it, this once."""
    from server.http.tokens import TokenStore

    click.echo(TokenStore(folder).create(scopes, name))


@token.command("list")
@click.option("--store", "folder", required=True, type=_FOLDER, help="Folder of the store.")
@json_option
def list_tokens(folder: Path, as_json: bool) -> None:
    """List the tokens of a store: name, scopes, when made."""
    from server.http.tokens import TokenStore

    tokens = TokenStore(folder).list()
    if as_json:
        print_json([{"name": t.name, "scopes": t.scopes, "created": t.created} for t in tokens])
    for found in () if as_json else tokens:
        click.echo(f"{found.name}\t{' '.join(found.scopes)}\t{found.created}")


@token.command()
@click.argument("name")
@click.option("--store", "folder", required=True, type=_FOLDER, help="Folder of the store.")
def revoke(name: str, folder: Path) -> None:
    """Revoke the token NAME."""
    from server.http.tokens import TokenStore

    TokenStore(folder).revoke(name)
    click.echo(f"Revoked {name}.")
