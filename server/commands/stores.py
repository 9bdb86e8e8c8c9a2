"""The commands for the folder of a store, served or not: load, log, backup, restore, compact."""

from pathlib import Path

import click

from kg.commands.cli import cli
from ontology import KelisimError
from server.commands.token import json_option, print_json

_FOLDER = click.Path(file_okay=False, path_type=Path)


@cli.command()
@click.argument("folder", type=_FOLDER)
@click.option("--last", default=20, show_default=True, help="How many changes, the latest first.")
@json_option
def log(folder: Path, last: int, as_json: bool) -> None:
    """Show who changed the store in FOLDER, when, and with what message."""
    from itertools import islice

    from kg.history.history import History
    from server.stores import history_folder

    with History.open(history_folder(folder), read_only=True) as history:
        entries = list(islice(history.entries(), last))
    if as_json:
        print_json([vars(entry) for entry in entries])
    for e in () if as_json else entries:
        click.echo(f"{e.version}\t{e.time}\t{e.author}\t+{e.adds} -{e.deletes}\t{e.message}")


@cli.command()
@click.argument("folder", type=_FOLDER)
@click.argument("path", type=click.Path(path_type=Path))
def backup(folder: Path, path: Path) -> None:
    """Copy the store in FOLDER to PATH (a .tar.gz file or a new folder), while it is served or not."""
    from kg.history.history import History
    from server.stores import history_folder

    with History.open(history_folder(folder), read_only=True) as history:
        click.echo(f"Wrote version {history.backup(path)} to {path}.")


@cli.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.argument("folder", type=_FOLDER)
def restore(path: Path, folder: Path) -> None:
    """Make a store in the empty FOLDER from the backup in PATH."""
    from kg.history.history import History
    from server.stores import history_folder

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
    from server.stores import history_folder

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
    from server.stores import history_folder

    with History.open(history_folder(folder)) as history:
        click.echo(f"Compacted to version {history.compact()}.")
        if history.wants_disk_copy and history.write_disk_copy():
            click.echo("Wrote its copy on disk, from which a server answers at once.")
