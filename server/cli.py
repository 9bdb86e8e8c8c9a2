"""The command ``kelisim``: the commands of `kg.cli` and ``serve``."""

import click

from kg.cli import cli, loaded

__all__ = ["cli", "main"]


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--timeout", default=30.0, show_default=True, help="Seconds that a query may take if it does not say.")
@click.option("--max-timeout", default=120.0, show_default=True, help="Seconds that a query may ask for with timeout=.")
@click.option("--memory", default=1024, show_default=True, help="MiB that one query may take.")
@click.option("--result", default=1024, show_default=True, help="MiB that one answer may hold.")
@click.pass_context
def serve(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context, host: str, port: int, timeout: float, max_timeout: float, memory: int, result: int
) -> None:
    """Serve the SPARQL endpoint and the pages until Ctrl-C."""
    from kg.pool import Limits
    from server.serving import serve as run

    dataset = loaded(ctx)

    def ready(address: str) -> None:
        click.echo(f"Kelisim {dataset.version}: {len(dataset.quads)} quads, digest {dataset.digest[:12]}")
        click.echo(f"Serving at {address} (SPARQL at {address}sparql). Stop with Ctrl-C.")

    limits = Limits(timeout=timeout, max_timeout=max(timeout, max_timeout), memory=memory << 20, result=result << 20)
    run(dataset, host, port, limits, ready)
    click.echo("Stopped.")


def main() -> None:
    """The entry point of the command."""
    cli(prog_name="kelisim")
