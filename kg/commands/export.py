"""``kelisim export``: the dataset, a store or files of RDF as one file, as CSV tables, or as Parquet."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.commands.cli import cli, load_dataset, stored
from kg.commands.progress import progress
from kg.rdf.formats import GRAPH_FORMATS
from ontology import KelisimError

if TYPE_CHECKING:
    from kg.curation.dataset import Dataset

__all__ = ["export"]

_FOLDERS = ("csv", "parquet")


@cli.command()
@click.option("--format", "form", type=click.Choice([*(f.name for f in GRAPH_FORMATS), *_FOLDERS]), required=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="File, or for csv and parquet the folder. Standard output by default.",
)
@click.option("--reified", is_flag=True, help="Turtle, N-Triples, RDF/XML: add the claim of each statement.")
@click.option("--gzip", "compress", is_flag=True, help="Compress with gzip.")
@click.option(
    "--store", "folder", type=click.Path(file_okay=False, path_type=Path), help="Export the store in this folder."
)
@click.option("--version", "as_of", default="", help="Export this version of the store: a number, a digest or a date.")
@click.option(
    "--input",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Export this file of RDF, as kelisim load reads it; may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="parquet: print the files, quads and digest as JSON.")
@click.pass_context
def export(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context,
    form: str,
    output: Path | None,
    reified: bool,
    compress: bool,
    folder: Path | None,
    as_of: str,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Write the dataset as a file, as a folder of CSV tables, or as Parquet for DuckDB, Polars, pandas and Spark.

    Parquet takes data of any size in bounded memory, and needs pip install 'kelisim[analytics]':

    kelisim export --format parquet --output kelisim-parquet

    kelisim export --format parquet --output lakes-parquet --store lakes
    """
    if folder and files:
        raise click.UsageError("Give --store or --input, and not both.")
    if as_of and folder is None:
        raise click.UsageError("Versions are those of a store: name its folder with --store.")
    if form in _FOLDERS and (output is None or reified):
        raise click.UsageError(f"{form} makes a folder of tables: give it with --output, without --reified.")
    if form == "parquet":
        if compress:
            raise click.UsageError("Parquet is compressed in itself: leave out --gzip.")
        assert output is not None
        _parquet(ctx, output, folder, as_of, files, as_json=as_json)
        return
    if as_json:
        raise click.UsageError("--json is for parquet.")
    dataset = stored(folder, as_of) if folder else _read(files) if files else load_dataset(ctx)
    if form == "csv":
        assert output is not None
        _tables(dataset, output, compress=compress)
    else:
        _file(dataset, form, output, reified=reified, compress=compress)


def _file(dataset: "Dataset", form: str, output: Path | None, *, reified: bool, compress: bool) -> None:
    import gzip

    from kg.curation.export import export as write_out
    from kg.curation.export import graph_format, write

    with progress(f"Writing {form}"):
        body = write_out(dataset, graph_format(form), reified=reified)
    if output:
        write(body, output, compress=compress)
    else:
        sys.stdout.buffer.write(gzip.compress(body, mtime=0) if compress else body)


def _tables(dataset: "Dataset", output: Path, *, compress: bool) -> None:
    from kg.curation.tables import export_tables

    with progress("Writing the tables"):
        written = export_tables(dataset, output, compress=compress)
    for path in written:
        click.echo(f"Wrote {path}.")


def _read(files: tuple[Path, ...]) -> "Dataset":
    from kg.curation.dataset import from_quads
    from kg.rdf.loading import read_quads

    with progress("Reading the files"):
        return from_quads({*read_quads(files)})


def _parquet(  # noqa: PLR0913 - as the command
    ctx: click.Context, output: Path, folder: Path | None, as_of: str, files: tuple[Path, ...], *, as_json: bool
) -> None:
    from kg.analytics.export import export_parquet, refuse_used

    refuse_used(output)  # before long work
    with _lines(ctx, folder, as_of, files) as (lines, version), progress(f"Writing {output}"):
        written = export_parquet(lines, output, version=version)
    if as_json:
        listed = [{"path": file.path, "rows": file.rows} for file in written.files]
        click.echo(json.dumps({"quads": written.quads, "digest": written.digest, "files": listed}, indent=1))
        return
    for file in written.files:
        click.echo(f"Wrote {output / file.path}, {file.rows} rows.")
    click.echo(f"{written.quads} quads with the digest {written.digest}.")


@contextmanager
def _lines(
    ctx: click.Context, folder: Path | None, as_of: str, files: tuple[Path, ...]
) -> Iterator[tuple[Iterator[bytes | memoryview], str]]:
    """All quads as sorted lines of N-Quads, and the version of the data, if they have one."""
    from kg.history.history import History
    from kg.history.timeline import HistoryTimeline
    from kg.rdf.loading import read_lines
    from kg.rdf.sorting import sorted_blocks

    if files:
        yield sorted_blocks(read_lines(files)), ""
    elif folder is None:
        dataset = load_dataset(ctx)
        yield (line + b"\n" for line in dataset.lines), dataset.version
    elif not (folder / "history").is_dir():
        raise KelisimError(f"{folder} holds no store: name the folder that was given to kelisim serve --store.")
    else:
        with History.open(folder / "history", read_only=True) as history:
            number = HistoryTimeline(history).resolve(as_of) if as_of else history.version
            yield history.lines(number), str(number)
