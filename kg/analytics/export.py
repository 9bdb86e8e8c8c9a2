"""Exports a dataset of any size as a folder of Parquet files, which is there as a whole or not at all."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from kg.analytics import quads, tables
from kg.analytics.contents import Contents
from kg.analytics.datapackage import Resource, describe
from kg.analytics.lines import whole_triples
from kg.analytics.parquet import Written
from kg.curation.tables import read_tables
from ontology import KelisimError


class Exported(NamedTuple):
    """What was written: the files, with their rows, the number of quads and the digest that identifies the dataset."""

    files: list[Written]
    quads: int
    digest: str


def export_parquet(blocks: Iterable[bytes | memoryview], folder: Path, *, version: str = "") -> Exported:
    """Writes the quads, the tidy tables and ``datapackage.json`` into a folder that is new or empty.

    blocks: all quads as sorted lines of canonical N-Quads, each once, whole lines in each block. version: what the
    files tell as that of the data. Memory is bounded: the tables are asked of a store on disk, which is loaded in
    blocks. Without terms of Kelisim's ontology there are no tables. Raises KelisimError, and leaves nothing behind, if
    the folder holds something or cannot be written, or a value does not fit its column.
    """
    with whole_folder(folder) as part:
        contents, lines, store = Contents(), part / ".lines.nq", part / ".store"

        def metadata() -> dict[str, str]:
            return {"digest": contents.digest, "version": version, "licence": " ".join(contents.licences)}

        with lines.open("wb") as copy:
            of_quads = [*quads.write_quads(contents.watch(whole_triples(blocks), copy), part, metadata)]
        resources = [Resource("quads", "All quads of the dataset", quads.COLUMNS, of_quads)]
        if contents.has_our_terms:
            engine = tables.load(lines, contents.quads, store)
            written = [*tables.write_tables(engine, part, metadata())]
            del engine
            for table in read_tables():
                own = [file for file in written if file.path.startswith(f"tables/{table.name}/")]
                resources.append(Resource(table.name, table.title, tables.columns(table), own))
        lines.unlink()
        shutil.rmtree(store, ignore_errors=True)
        (part / "datapackage.json").write_bytes(describe(part, contents, version, resources))
    return Exported([file for each in resources for file in each.files], contents.quads, contents.digest)


def refuse_used(folder: Path) -> None:
    """Raises KelisimError if there is something at the path but an empty folder whose place can be taken."""
    if Path.cwd().is_relative_to(folder.resolve()) or folder.is_mount():
        raise KelisimError(
            f"{folder} cannot be replaced as a whole, since you are in it or it is mounted: name a new folder, such as "
            f"{folder / 'parquet'}."
        )
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise KelisimError(f"{folder} is there and not an empty folder: name a new one, since nothing is replaced.")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder beside the given one, which takes its name at the end of the block, or is removed if that fails.

    Raises KelisimError if the given one is there and not empty, or if the disk is full or refuses.
    """
    try:
        refuse_used(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = folder.parent / f".{folder.name}.{uuid4().hex}.part"
        try:
            part.mkdir()
            yield part
            part.rename(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as error:
        raise KelisimError(
            f"Cannot write {folder}: {error.strerror or error}. Nothing was left there; give a folder of yours "
            "on a disk that has room."
        ) from error
