"""``kelisim serve``: the server, with its options."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from kg.commands.cli import cli, load_dataset
from ontology import KelisimError

if TYPE_CHECKING:
    from kg.workers.allocator import Allocator

_FOLDER = click.Path(file_okay=False, path_type=Path)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--store", "folder", type=_FOLDER, help="Folder of a store; a new one begins with the curated graph.")
@click.option("--empty", is_flag=True, help="Begin without the curated graph.")
@click.option("--allow-updates", is_flag=True, help="Take changes from holders of a token (kelisim token create).")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds that a query may take if it does not say.")
@click.option("--max-timeout", default=120.0, show_default=True, help="Seconds that a query may ask for with timeout=.")
@click.option(
    "--memory",
    type=click.IntRange(1),
    help="MiB that one query may take.  [default: 1024, or for a larger store as much as that takes (2.5 times its "
    "N-Quads); no more than 1/(n+1) of what it leaves of the machine's memory, for n processors, at least 2; at least "
    "256]",
)
@click.option("--result", default=1024, show_default=True, help="MiB that one answer may hold.")
@click.option("--spool", default=4096, show_default=True, help="MiB that all large answers being read may hold.")
@click.option("--queue", default=64, show_default=True, help="Queries that may wait for a worker.")
@click.option("--max-update", default=16, show_default=True, help="MiB that one SPARQL update may have.")
@click.option("--rate", default=0.0, help="Requests per second that one client may send; 0, the default: any number.")
@click.option(
    "--access-log", default="", help="Write a JSON line for each request here: a file, or - for standard error."
)
@click.option("--query-log", default="", help="Write a JSON line for each query here: a file, or - for standard error.")
@click.option("--no-optimiser", is_flag=True, help="Evaluate queries of a large store as they are written.")
@click.option(
    "--columns",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    is_flag=False,
    flag_value="on",
    help="Answer what reads much of a store from columns too (kelisim[columns]); auto: where DuckDB is installed.",
)
@click.option(
    "--allow-service", "services", multiple=True, help="Endpoint that SERVICE may ask; may be given several times."
)
@click.option(
    "--origin",
    default="",
    help="Where the public asks, such as https://example.org, if a proxy stands before the server.",
)
@click.option(
    "--trusted-proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS|NETWORK",
    help="Proxy, such as 10.0.0.5 or 10.0.0.0/24, that is believed whom it asks for (X-Forwarded-For, -Proto): limits, "
    "logs and links are then of its clients. May be given several times.",
)
@click.option("--forwarded", is_flag=True, help="Trusted proxies say so by the header Forwarded (RFC 7239) alone.")
@click.option(
    "--articles",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the articles' texts (.txt, UTF-8), to show passages beside the claims.",
)
@click.option(
    "--about",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="RDF file that describes the data: title, licence, publisher, prefixes. Without it nothing is claimed of them "
    "unless they are Kelisim's own.",
)
@click.option("--replica-of", default="", metavar="URL", help="Follow the server there, as a read-only replica of it.")
@click.option(
    "--replica-token-file",
    "token_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the token to follow with: kelisim token create NAME --scope replicate, at the writer.",
)
@click.option("--open-log", is_flag=True, help="Let everybody follow the log of this store, without a token.")
@click.option(
    "--engine",
    metavar="URL",
    help="Ask this SPARQL 1.1 endpoint, which has the data, in place of a store, such as http://localhost:8890/sparql.",
)
@click.option(
    "--engine-update", default="", metavar="URL", help="With --allow-updates: where it takes them, if not at --engine."
)
@click.option(
    "--engine-auth",
    default="",
    metavar="WHERE",
    help="How to be let in there: basic:env:VARIABLE, basic:file:PATH (user:password), bearer:env: or bearer:file: "
    "(a token); with --allow-updates digest: too, for updates.",
)
@click.option(
    "--engine-poll",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0.1),
    help="Seconds between looks for changes.",
)
@click.option(
    "--allocator",
    type=click.Choice(["mimalloc", "system"]),
    default="mimalloc",
    show_default=True,
    help="What allocates memory: mimalloc, where it is installed, answers faster from large stores than the C library.",
)
@click.option(
    "--engine-copy",
    type=click.IntRange(1),
    metavar="QUADS",
    help="With --engine and --allow-updates: the most quads of which a copy is made, on which changes are worked out. "
    "A million take 280 MB. By default what an eighth of the memory holds, and 2000000 at least.",
)
@click.pass_context
def serve(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context,
    host: str,
    port: int,
    folder: Path | None,
    empty: bool,
    allow_updates: bool,
    timeout: float,
    max_timeout: float,
    memory: int | None,
    result: int,
    spool: int,
    queue: int,
    max_update: int,
    rate: float,
    access_log: str,
    query_log: str,
    no_optimiser: bool,
    columns: str,
    services: tuple[str, ...],
    origin: str,
    proxies: tuple[str, ...],
    forwarded: bool,
    articles: Path | None,
    about: Path | None,
    replica_of: str,
    token_file: Path | None,
    open_log: bool,
    engine: str | None,
    engine_update: str,
    engine_auth: str,
    engine_poll: float,
    allocator: "Allocator",
    engine_copy: int | None,
) -> None:
    """Serve the SPARQL endpoint, the graph store and the pages until Ctrl-C.

    A replica, which follows a server and answers as it does: kelisim serve --replica-of https://writer.example.org/
    """
    from kg.workers.allocator import in_use, use

    lacking = use(allocator)  # first: it may execute the command again

    from importlib.metadata import version
    from importlib.util import find_spec

    from kg.engine.limits import Limits
    from kg.remote.store import copied_for_changes
    from kg.workers.sizing import machine_memory
    from server.engines import EngineSettings
    from server.replica import Following
    from server.serving import serve as run
    from server.settings import Settings

    def ready(address: str, words: str) -> None:
        click.echo(f"Kelisim {version('kelisim')}: {words}")
        click.echo(f"Memory allocator: {in_use()}" + (f", since {lacking}." if lacking else "."))
        click.echo(f"Serving at {address} (SPARQL at {address}sparql). Stop with Ctrl-C.")

    if replica_of and (allow_updates or empty):
        raise KelisimError("A replica takes its data from its writer: leave out --allow-updates and --empty.")
    if token_file and not replica_of:
        raise KelisimError("--replica-token-file is for a replica: name its writer with --replica-of.")
    if ctx.obj and (replica_of or engine):
        raise KelisimError("--data would not be read: --replica-of and --engine have the data elsewhere. Leave it out.")
    if open_log and not (folder or replica_of or engine):
        raise KelisimError("--open-log needs a log: give the folder of a store with --store, or follow one.")
    told = [ctx.get_parameter_source(name) != ParameterSource.DEFAULT for name in ("engine_auth", "engine_poll")]
    if engine_update and not (engine and allow_updates):
        raise KelisimError("--engine-update goes with --engine and --allow-updates: nothing is written without them.")
    if engine_copy and not (engine and allow_updates):
        raise KelisimError("--engine-copy goes with --engine and --allow-updates: no copy is needed without changes.")
    if engine is None and any(told):
        raise KelisimError("--engine-auth and --engine-poll are for an engine elsewhere: name it with --engine.")
    if columns == "on" and (not folder or replica_of or engine):
        raise KelisimError("--columns are of a store here: give its folder with --store, and no --replica-of.")
    if columns == "on" and not find_spec("duckdb"):
        raise KelisimError("--columns need DuckDB: pip install 'kelisim[columns]'.")
    limits = Limits(timeout, max(timeout, max_timeout), (memory or 0) << 20, result << 20, spool << 20, queue=queue)
    settings = Settings(
        host,
        port,
        limits,
        folder,
        allow_updates,
        access_log,
        query_log,
        rate,
        frozenset(services),
        articles,
        _checked_origin(origin),
        empty,
        max_update << 20,
        about,
        proxies,
        forwarded,
        open_log=open_log,
        replica=Following(replica_of, token_file) if replica_of else None,
        engine=EngineSettings(
            engine,
            engine_auth,
            engine_poll,
            engine_update or engine if allow_updates else "",
            engine_copy or copied_for_changes(machine_memory()),
        )
        if engine is not None
        else None,
        columns=columns != "off" and bool(folder) and not replica_of and engine is None and bool(find_spec("duckdb")),
        optimiser=not no_optimiser,
        data=ctx.obj,
    )
    run(settings, lambda: None if empty else load_dataset(ctx), ready)
    click.echo("Stopped.")


def _checked_origin(given: str) -> str:
    parts = urlsplit(given)
    if given and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query):
        raise KelisimError(f"{given!r} is no origin; give scheme and host alone, such as https://example.org.")
    return given.rstrip("/")
