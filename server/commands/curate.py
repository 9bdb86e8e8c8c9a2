"""``kelisim curate``: the workbench for an article, in the browser."""

from pathlib import Path

import click

from kg.commands.cli import articles_option, cli

__all__ = ["curate"]


@cli.command()
@click.argument("article")
@articles_option
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.pass_context
def curate(ctx: click.Context, article: str, folder: Path, port: int) -> None:
    """Edit the claims of ARTICLE in a browser on this machine: sentences, recipes, entities, checks, saving.

    Prints the address with a token that lets your browser in, and answers on the loopback address alone, until Ctrl-C.
    What is not saved is kept in a journal, and offered at the next start.

    kelisim --data my-graph curate mp23 --articles ../articles
    """
    from kg.commands.progress import progress
    from kg.curation.shipped import packaged_data
    from ontology import KelisimError
    from server.workbench.app import HOST, bind
    from server.workbench.bench import Bench
    from server.workbench.desk import Desk

    data = ctx.obj or Path(str(packaged_data()))
    with progress("Reading the curated files"):
        bench = Bench(Desk.open(data, article, folder))
    try:
        server, guard = bind(bench, port)
    except OSError as error:
        raise KelisimError(f"Port {port} cannot be had: {error.strerror}. Give another with --port.") from error
    click.echo(f"The workbench for {article}, over the files in {data}.")
    click.echo(f"Open http://{HOST}:{server.port}/?token={guard.token}")
    click.echo("Stop with Ctrl-C.")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    finally:
        server.server_close()
