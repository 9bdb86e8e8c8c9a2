"""``kelisim diff``: what changed between two versions of a store, or two datasets: words, RDF Patch, JSON."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.commands.cli import cli
from ontology import KelisimError

if TYPE_CHECKING:
    import pyoxigraph as ox

    from kg.history.changes import NetChange
    from kg.store.reader import Reader
    from kg.views.differences import Difference

_SIGNS = {"added": "+", "withdrawn": "-", "changed": "~"}


@cli.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--store",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of a store, of which A and B are versions: numbers, digests or dates.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["words", "rdf-patch", "json"]),
    default="words",
    show_default=True,
    help="In words, as RDF Patch, or as JSON.",
)
@click.option(
    "--language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="Of the labels."
)
def diff(a: str, b: str, folder: Path | None, form: str, language: str) -> None:
    """Tell what changed from A to B: claims added, withdrawn and changed, and the facts of things.

    Without --store, A and B are files of RDF in any format (such as two dumps), or folders of curated files.

    Example: kelisim diff 3 2024-12-01 --store my-store
    """
    from kg.views.differences import as_json

    change, after, names = _of_store(folder, a, b) if folder else _of_files(Path(a), Path(b))
    if form == "rdf-patch":
        click.echo(change.serialize({"from": names[0], "to": names[1]}), nl=False)
        return
    pages = _pages(change, after, language)
    if form == "json":
        claims = [claim for page in pages for claim in as_json(page)["claims"]]
        things = [thing for page in pages for thing in as_json(page)["things"]]
        first: dict[str, Any] = {"from": names[0], "to": names[1], "added": pages[0].added, "deleted": pages[0].deleted}
        click.echo(json.dumps({**first, "claims": claims, "things": things}, ensure_ascii=False, indent=1))
        return
    click.echo(f"From {names[0]} to {names[1]}: quads added {pages[0].added}, deleted {pages[0].deleted}.")
    for page in pages:
        for line in _words(page):
            click.echo(line)


def _pages(change: "NetChange", after: "Reader", language: str) -> "list[Difference]":
    from kg.views.differences import differ

    first = differ(change, after, language)
    return [first, *(differ(change, after, language, number) for number in range(2, first.pages + 1))]


def _words(page: "Difference") -> list[str]:
    lines = [f"{_SIGNS[c.fate]} claim {c.fate}: {page.names[c.iri]} <{c.iri}>" for c in page.claims]
    for thing in page.things:
        lines.append(f"{page.names.get(thing.iri, thing.iri)} <{thing.iri}>")
        for sign, facts in (("-", thing.deleted), ("+", thing.added)):
            lines += [f"  {sign} {page.names[p.value]}: {page.names.get(o.value) or o.value}" for p, o in facts]
    return lines


def _of_store(folder: Path, a: str, b: str) -> "tuple[NetChange, Reader, tuple[str, str]]":
    import pyoxigraph as ox

    from kg.engine.engine import Engine
    from kg.history.history import History
    from kg.history.timeline import HistoryTimeline
    from kg.store.reader import Reader

    if not (folder / "history").is_dir():
        raise KelisimError(f"{folder} holds no store: name the folder that was given to kelisim serve --store.")
    with History.open(folder / "history", read_only=True) as history:
        timeline = HistoryTimeline(history)
        before, after = timeline.resolve(a), timeline.resolve(b)
        store = ox.Store()
        history.load_into(store, after)
        return history.net_change(before, after), Reader(Engine(store)), (f"version {before}", f"version {after}")


def _of_files(a: Path, b: Path) -> "tuple[NetChange, Reader, tuple[str, str]]":
    from kg.engine.engine import Engine
    from kg.history.changes import NetChange
    from kg.store.reader import Reader

    before, after = read_quads(a), read_quads(b)
    return NetChange.between(before, after), Reader(Engine(after)), (str(a), str(b))


def read_quads(path: Path) -> "set[ox.Quad]":
    """The quads of a file of RDF, or of the dataset that a folder of curated files makes."""
    import pyoxigraph as ox

    from kg.curation.curated import read_curation
    from kg.curation.dataset import build
    from kg.rdf.loading import read_lines

    if path.is_dir():
        return set(build(read_curation(path)).quads)
    if not path.is_file():
        raise KelisimError(
            f"There is no {path}: give two files of RDF or two folders of curated files, or with --store two versions."
        )
    lines = b"".join(line for batch in read_lines([path]) for line in batch)
    return set(ox.parse(lines, format=ox.RdfFormat.N_QUADS))
