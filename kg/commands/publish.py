"""``kelisim publish``: puts the dataset, or a store's history, into a SPARQL engine elsewhere."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.commands.cli import cli, load_dataset
from kg.commands.progress import counted_progress, progress
from ontology import KelisimError

if TYPE_CHECKING:
    from kg.upload.publication import Publisher, Report

_SHOWN = 3


@cli.command()
@click.option("--engine", required=True, metavar="URL", help="The engine's SPARQL endpoint.")
@click.option("--engine-update", default="", metavar="URL", help="Where it takes updates, if not at --engine.")
@click.option("--engine-graphs", default="", metavar="URL", help="Its graph store: faster, where that takes N-Quads.")
@click.option(
    "--engine-auth",
    default="",
    metavar="WHERE",
    help="basic:env:NAME, digest:env:NAME (user:password in a variable), bearer:env:NAME (a token); or :file:PATH.",
)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, path_type=Path),
    help="Publish this file of RDF, or folder of curated files, instead of the dataset.",
)
@click.option(
    "--store", "folder", type=click.Path(file_okay=False, path_type=Path), help="Publish the store in this folder."
)
@click.option(
    "--from-version",
    type=click.IntRange(min=0),
    help="Publish this version of the store, then each later one by its patch. Without: the latest alone.",
)
@click.option("--overwrite", is_flag=True, help="Replace what others put into the graphs of the dataset.")
@click.option("--dry-run", is_flag=True, help="Write nothing; tell what would be sent.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def publish(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context,
    engine: str,
    engine_update: str,
    engine_graphs: str,
    engine_auth: str,
    file: Path | None,
    folder: Path | None,
    from_version: int | None,
    overwrite: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Publish the dataset to a SPARQL engine, such as Virtuoso or Fuseki; again, only what has changed since.

    Readers see the version before until all is sent, where the engine allows it. All is read back and compared. A run
    that was stopped goes on where it was when the command is given again.

    Example: PUBLISHER=publisher:secret kelisim publish --engine http://localhost:8890/sparql
    --engine-update http://localhost:8890/sparql-auth --engine-auth digest:env:PUBLISHER
    """
    from kg.upload.connection import Addresses, Connection
    from kg.upload.credentials import read_credentials
    from kg.upload.publication import publishing

    if file and folder:
        raise click.UsageError("Give --file or --store, and not both.")
    if from_version is not None and folder is None:
        raise click.UsageError("Versions are those of a store: name its folder with --store.")
    addresses = Addresses(engine, engine_update or engine, engine_graphs)
    connection = Connection(addresses, read_credentials(engine_auth))
    reports = _of_store(folder, from_version) if folder else _of_dataset(ctx, file)
    with (
        counted_progress("Asking the engine") as told,
        publishing(connection, told, dry_run=dry_run, overwrite=overwrite) as publisher,
    ):
        done = [*reports(publisher)]
    if as_json:
        products = {"engine": addresses.names[0], "product": connection.product}
        click.echo(json.dumps({**products, "versions": [_as_json(r) for r in done]}, ensure_ascii=False, indent=1))
    for line in () if as_json else _words(addresses.names[0], connection.product, done):
        click.echo(line)


def _of_dataset(ctx: click.Context, file: Path | None) -> "Callable[[Publisher], Iterable[Report]]":
    from kg.commands.diff import read_quads
    from kg.curation.dataset import from_quads
    from kg.upload.content import Content, with_stable_labels

    if file:
        with progress(f"Reading {file}"):
            dataset = from_quads(with_stable_labels(read_quads(file)))
    else:
        dataset = load_dataset(ctx)

    def published(publisher: "Publisher") -> "Iterable[Report]":
        content = Content(dataset.version, dataset.digest)
        content.fill(dataset.quads, publisher.manifest.lengths if publisher.manifest else {})
        yield publisher.publish(content)

    return published


def _of_store(folder: Path, first: int | None) -> "Callable[[Publisher], Iterable[Report]]":
    from kg.history.history import History
    from kg.upload.histories import publish_history

    if not (folder / "history").is_dir():
        raise KelisimError(f"{folder} holds no store: name the folder that was given to kelisim serve --store.")

    def published(publisher: "Publisher") -> "Iterable[Report]":
        with History.open(folder / "history", read_only=True) as history:
            yield from publish_history(publisher, history, first)

    return published


def _as_json(report: "Report") -> dict[str, Any]:
    return {**asdict(report), "rewritten": len(report.rewritten)}


def _words(engine: str, product: str, reports: "list[Report]") -> Iterable[str]:
    for r in reports:
        name = f"version {r.store_version}" if r.store_version is not None else f"the dataset {r.version}"
        if r.way == "dry run":
            yield f"{engine} would get {name}: {_sent(r)}; {r.unchanged} parts are there already."
            continue
        if r.way == "nothing":
            yield f"{engine} has {name} already, {r.quads} quads; nothing was sent."
            continue
        yield f"{engine} has {name}, {r.quads} quads: {_sent(r)}; {r.unchanged} parts were there already."
        if r.resumed:
            yield f"{r.resumed} requests of an earlier run were not sent again."
    last = reports[-1]
    yield f"Digest: {last.digest}."
    if last.way not in ("dry run", "nothing"):
        yield from _remarks(product or "this engine", last)


def _sent(report: "Report") -> str:
    return f"{report.added} quads added and {report.removed} removed in {report.parts} parts"


def _remarks(product: str, report: "Report") -> Iterable[str]:
    if report.default_graph:
        yield f"Its default graph is the union of all graphs: the dataset's own is in <{report.default_graph}>."
    if report.atomic:
        yield "All was switched in one operation: readers saw the version before, then this one."
    elif report.way == "staged":
        yield f"All was switched in one operation; whether readers of {product} can see a part of it was not tested."
    else:
        yield "The change was written in place, since it is large: readers saw parts of it before the end."
    if report.rewritten:
        shown = "; ".join(f"{ours} as {theirs}" for ours, theirs in [*report.rewritten.items()][:_SHOWN])
        yield f"It writes {len(report.rewritten)} literals in another form of the same value, such as {shown}."
