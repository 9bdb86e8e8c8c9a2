"""The command ``kelisim``: the commands of `kg`, and those that need a server."""

from kg.commands import check, checking, cite, completion, diff, draft, export, packages, publish
from kg.commands.cli import cli
from server.commands import agree, chart, conflicts, curate, explain, serve, show, stores, token, why

__all__ = [
    "agree",
    "chart",
    "check",
    "checking",
    "cite",
    "cli",
    "completion",
    "conflicts",
    "curate",
    "diff",
    "draft",
    "explain",
    "export",
    "main",
    "packages",
    "publish",
    "serve",
    "show",
    "stores",
    "token",
    "why",
]


def main() -> None:
    """The entry point of the command."""
    from kg.workers.allocator import is_program

    is_program()
    cli(prog_name="kelisim")
