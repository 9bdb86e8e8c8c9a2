"""Makes a new package from the template: a small graph that passes its own tests."""

import re
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Final

from kg.curation.curated import read_curation
from kg.curation.export import make_folder, write
from kg.curation.manifest import NAME, SHIPPED
from kg.curation.passages import Passage, render
from kg.curation.sources import text_digest
from kg.curation.verification import article_texts
from ontology import KelisimError

_EXTENDS: Final = f'''
# It builds on the shipped graph, whose states, people, offices and topics it can name. Without this line it stands
# alone.
extends = "{SHIPPED}"
'''
_STANDING: Final = {
    True: "It builds on the graph that Kelisim ships: what that tells of, this can name, and queries see both.",
    False: "It stands alone: only the ontology of Kelisim is beside it.",
}
_FILE_NAMES: Final = {"gitignore": ".gitignore"}
"""The names of files that a template cannot have itself, since tools pass over them."""


def new_package(folder: Path, name: str = "", *, standalone: bool = False) -> str:
    """Makes a package in a folder, which is made too or must be empty, and returns its name.

    The name is by default the folder's, in small letters and without hyphens. Raises KelisimError if it is no name,
    if the folder holds anything, or a file cannot be written.
    """
    name = name or re.sub(r"[-_. ]", "", folder.resolve().name.lower())
    if not NAME.fullmatch(name):
        raise KelisimError(
            f"{name!r} is no name: take small Latin letters and digits, a letter first, by --name harbour."
        )
    if folder.exists() and not folder.is_dir():
        raise KelisimError(f"{folder} is a file: name a folder that is empty or not there yet.")
    if folder.is_dir() and any(folder.iterdir()):
        raise KelisimError(f"{folder} is not empty: name another folder, or one that is not there yet.")
    words = {"name": name, "extends": "" if standalone else _EXTENDS, "standing": _STANDING[not standalone]}
    template = resources.files("kg.packages").joinpath("template")
    article = _filled(template.joinpath("articles", "article.txt"), words)
    _fill(template, folder, words | {"sha256": text_digest(article)})
    _write_passages(folder, f"{name}1")
    return name


def _fill(template: Traversable, folder: Path, words: dict[str, str]) -> None:
    make_folder(folder)
    for each in template.iterdir():
        if each.is_dir():
            _fill(each, folder / each.name, words)
        else:
            name = _FILE_NAMES.get(each.name, each.name).replace("article.", f"{words['name']}1.")
            write(_filled(each, words).encode(), folder / name)


def _filled(file: Traversable, words: dict[str, str]) -> str:
    return Template(file.read_text(encoding="utf-8")).safe_substitute(words)


def _write_passages(folder: Path, article: str) -> None:
    """Writes the records of the passages of the example."""
    curation = read_curation(folder)
    text = article_texts(curation, folder / "articles")[article]
    used = (Passage.parse(claim.value("passage")) for claim in curation.own.claims)
    make_folder(folder / "passages")
    write(render(used, text).encode(), folder / "passages" / f"{article}.ttl")
