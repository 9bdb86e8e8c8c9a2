"""The CSV tables, one for each class, with CSVW metadata."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from kg.curation.dataset import Dataset
from kg.curation.export import make_folder, write
from kg.engine.engine import Engine
from kg.rdf.files import list_files, read_text
from kg.rdf.formats import RESULT_FORMATS, by_name
from ontology import KelisimError

LICENSE = "https://creativecommons.org/licenses/by/4.0/"
"""The licence of the project's own data."""

_COLUMN = re.compile(r"^# column: (\w+) \| (\w+) \| (.+)$", re.MULTILINE)
_TITLE = re.compile(r"^# title: (.+)$", re.MULTILINE)

_ORDER = re.compile(r"(?<=\})\s*ORDER BY [^}]*\Z")


@dataclass(frozen=True)
class Table:
    """One table: its name, its title, its columns (name, datatype of XML Schema, description) and its query."""

    name: str
    title: str
    columns: tuple[tuple[str, str, str], ...]
    query: str

    def rows(self, engine: Engine) -> bytes:
        """The table as CSV (RFC 4180) in UTF-8, header first.

        Raises KelisimError if the query's variables are not the columns that its header describes.
        """
        body = engine.query(self.query).serialize(by_name("csv", RESULT_FORMATS))
        header = body.split(b"\r\n", 1)[0].decode().split(",")
        if header != [name for name, _, _ in self.columns]:
            raise KelisimError(f"{self.name}.rq describes other columns than it selects: {', '.join(header)}.")
        return body


def read_tables() -> list[Table]:
    """All tables, by name."""
    return [_table(f) for f in list_files(resources.files("kg").joinpath("data", "tables"), ".rq")]


def _table(file: Traversable) -> Table:
    text = read_text(file)
    title = _TITLE.search(text)
    columns = tuple((m[1], m[2], m[3]) for m in _COLUMN.finditer(text))
    if not title or not columns:
        raise KelisimError(f"{file.name}: the header lacks a title or columns.")
    return Table(file.name.removesuffix(".rq"), title[1], columns, text)


def streamed(query: str) -> str:
    """The query of a table without the order of its rows and DISTINCT, so that the engine need not keep them."""
    return _ORDER.sub("", query).replace("SELECT DISTINCT ", "SELECT ", 1)


def csvw(
    tables: list[Table], ending: str = ".csv", *, title: str = "Kelisim", licences: Sequence[str] = (LICENSE,)
) -> bytes:
    """The metadata of the tables (Metadata Vocabulary for Tabular Data, section 5.3), as JSON in UTF-8.

    title, licences: those of the dataset; without licences none is claimed.
    """
    given: list[dict[str, str]] = [{"@id": iri} for iri in licences]
    described = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        **({"dc:license": given[0] if len(given) == 1 else given} if given else {}),
        "dc:title": f"{title}: tables",
        "tables": [
            {
                "url": table.name + ending,
                "dc:title": table.title,
                "tableSchema": {
                    "columns": [
                        {"name": name, "titles": name, "datatype": datatype, "dc:description": description}
                        for name, datatype, description in table.columns
                    ]
                },
            }
            for table in tables
        ],
    }
    return (json.dumps(described, ensure_ascii=False, indent=2) + "\n").encode()


def export_tables(dataset: Dataset, folder: Path, *, compress: bool = False) -> list[Path]:
    """Writes all tables and their metadata into a folder, created if necessary; returns the files written.

    Raises KelisimError if a file or the folder cannot be written.
    """
    engine = Engine(dataset.quads)
    tables = read_tables()
    ending = ".csv.gz" if compress else ".csv"
    make_folder(folder)
    written = []
    for table in tables:
        path = folder / (table.name + ending)
        write(table.rows(engine), path, compress=compress)
        written.append(path)
    metadata = folder / "csv-metadata.json"
    write(csvw(tables, ending), metadata)
    return [*written, metadata]
