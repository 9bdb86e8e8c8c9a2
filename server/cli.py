"""The command ``kelisim``: the commands of `kg.cli` and ``serve``."""

import click

from kg.cli import cli, loaded

__all__ = ["cli", "main"]


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.pass_context
def serve(ctx: click.Context, host: str, port: int) -> None:
    """Serve the SPARQL endpoint and the pages until Ctrl-C."""
    from server.serving import serve as run

    dataset = loaded(ctx)

    def ready(address: str) -> None:
        click.echo(f"Kelisim {dataset.version}: {len(dataset.quads)} quads, digest {dataset.digest[:12]}")
        click.echo(f"Serving at {address} (SPARQL at {address}sparql). Stop with Ctrl-C.")

    run(dataset, host, port, ready)
    click.echo("Stopped.")


def main() -> None:
    """The entry point of the command."""
    cli(prog_name="kelisim")
