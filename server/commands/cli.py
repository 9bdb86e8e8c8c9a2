"""The command ``kelisim``: the commands of `kg`, ``show``, ``chart``, ``serve``, and those for a served store."""

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from kg.commands import check, checking, cite, completion, diff, draft, export, publish
from kg.commands.cli import cli, load_dataset
from ontology import KelisimError
from server.commands import chart, conflicts, curate, explain, show, why

if TYPE_CHECKING:
    from kg.workers.allocator import Allocator

__all__ = [
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
    "publish",
    "show",
    "why",
]

_FOLDER = click.Path(file_okay=False, path_type=Path)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


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
    from server.serving import Settings
    from server.serving import serve as run

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
    )
    run(settings, lambda: None if empty else load_dataset(ctx), ready)
    click.echo("Stopped.")


def _checked_origin(given: str) -> str:
    parts = urlsplit(given)
    if given and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query):
        raise KelisimError(f"{given!r} is no origin; give scheme and host alone, such as https://example.org.")
    return given.rstrip("/")


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
@_json_option
def list_tokens(folder: Path, as_json: bool) -> None:
    """List the tokens of a store: name, scopes, when made."""
    from server.http.tokens import TokenStore

    tokens = TokenStore(folder).list()
    if as_json:
        _print_json([{"name": t.name, "scopes": t.scopes, "created": t.created} for t in tokens])
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


@cli.command()
@click.argument("folder", type=_FOLDER)
@click.option("--last", default=20, show_default=True, help="How many changes, the latest first.")
@_json_option
def log(folder: Path, last: int, as_json: bool) -> None:
    """Show who changed the store in FOLDER, when, and with what message."""
    from itertools import islice

    from kg.history.history import History
    from server.serving import history_folder

    with History.open(history_folder(folder), read_only=True) as history:
        entries = list(islice(history.entries(), last))
    if as_json:
        _print_json([vars(entry) for entry in entries])
    for e in () if as_json else entries:
        click.echo(f"{e.version}\t{e.time}\t{e.author}\t+{e.adds} -{e.deletes}\t{e.message}")


@cli.command()
@click.argument("folder", type=_FOLDER)
@click.argument("path", type=click.Path(path_type=Path))
def backup(folder: Path, path: Path) -> None:
    """Copy the store in FOLDER to PATH (a .tar.gz file or a new folder), while it is served or not."""
    from kg.history.history import History
    from server.serving import history_folder

    with History.open(history_folder(folder), read_only=True) as history:
        click.echo(f"Wrote version {history.backup(path)} to {path}.")


@cli.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.argument("folder", type=_FOLDER)
def restore(path: Path, folder: Path) -> None:
    """Make a store in the empty FOLDER from the backup in PATH."""
    from kg.history.history import History
    from server.serving import history_folder

    folder.mkdir(parents=True, exist_ok=True)
    with History.restore(path, history_folder(folder)) as history:
        click.echo(f"Restored version {history.version} to {folder}.")


@cli.command()
@click.argument("folder", type=_FOLDER)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@click.option("--graph", default="", metavar="IRI", help="Put there what stands in no named graph.")
@click.option("--base", default="", metavar="IRI", help="Relative IRIs are relative to it; by default to --graph.")
@click.option(
    "--format",
    "form",
    default="",
    metavar="NAME",
    help="Read all files so, whatever their endings: turtle, ntriples, nquads, trig, rdfxml, jsonld, n3.",
)
@click.option("--lenient", is_flag=True, help="Skip and list malformed lines of N-Triples and N-Quads.")
@click.option(
    "--no-copy", is_flag=True, help="Write no copy on disk of a large store, from which servers start in seconds."
)
def load(  # noqa: PLR0913, PLR0917 - one parameter an option
    folder: Path, files: tuple[Path, ...], graph: str, base: str, form: str, lenient: bool, no_copy: bool
) -> None:
    """Make a store in the empty FOLDER from RDF FILES, which may be large and end in .gz, .bz2, .xz, .zst or .zip.

    The file - is standard input; say with --format what it holds. The data are not checked against the shapes; changes
    made to the store later are. A store of more than half a million quads gets a copy on disk too, from which a server
    answers within seconds; that takes about as long again, may be interrupted, and is left out with --no-copy.
    """
    from kg.commands.progress import progress
    from kg.history.history import History
    from kg.rdf.loading import Skipped, read_lines
    from server.serving import history_folder

    skipped = Skipped()
    with progress(f"Loading into {folder}"):
        lines = read_lines(files, graph, base=base, form=form, skipped=skipped if lenient else None)
        with History.create_from_lines(history_folder(folder), lines) as history:
            size = history.snapshot_quads
            copied = not no_copy and history.wants_disk_copy
    if skipped.count:
        click.echo(skipped.in_words(), err=True)
    click.echo(f"Loaded {size} quads into {folder}. Serve them with: kelisim serve --store {folder}")
    if copied:
        try:
            with progress("Writing its copy on disk"), History.open(history_folder(folder), read_only=True) as history:
                history.write_disk_copy()
        except KelisimError as error:
            click.echo(f"No copy on disk for a fast start: {error}", err=True)


@cli.command()
@click.argument("folder", type=_FOLDER)
def compact(folder: Path) -> None:
    """Make the latest version of the store in FOLDER its snapshot, and begin a new log.

    A large store gets a copy on disk too, so that servers start in seconds.

    While a server has the store, ask the server: POST /compact with a token of scope admin.
    """
    from kg.history.history import History
    from server.serving import history_folder

    with History.open(history_folder(folder)) as history:
        click.echo(f"Compacted to version {history.compact()}.")
        if history.wants_disk_copy and history.write_disk_copy():
            click.echo("Wrote its copy on disk, from which a server answers at once.")


def main() -> None:
    """The entry point of the command."""
    from kg.workers.allocator import is_program

    is_program()
    cli(prog_name="kelisim")
