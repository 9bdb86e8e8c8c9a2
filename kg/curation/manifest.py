"""The manifest of a package: what a folder of curated files is, in the file ``kelisim.toml``.

A folder without one is a graph that stands alone, as it always was.
"""

import re
import tomllib
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Final

from kg.rdf.files import read_text
from ontology import KelisimError

MANIFEST: Final = "kelisim.toml"
SHIPPED: Final = "kelisim"
"""The one graph that a package can build on: the shipped one."""

NAME: Final = re.compile(r"[a-z][a-z0-9]*")
"""A package's name, which articles and other identifiers of its own begin with."""

_KEYS: Final = ("name", "extends", "articles")


@dataclass(frozen=True)
class Manifest:
    """name: what identifiers of its own begin with. extends: whether it builds on the shipped graph. articles: the
    folder of their texts, from the package's own; it may be missing, since texts are seldom anybody's to publish.
    """

    name: str
    extends: bool = False
    articles: str = "articles"

    @property
    def prefix(self) -> str:
        """What the local names of its own things begin with. No shipped name has an underscore."""
        return f"{self.name}_"


def called(data: Traversable | None) -> str:
    """What data are called that do not say it themselves: the name of a package, else any dataset."""
    manifest = read_manifest(data) if data else None
    return manifest.name if manifest else "Dataset"


def read_manifest(data: Traversable) -> Manifest | None:
    """The manifest of a folder of curated files; None if it has none.

    Raises KelisimError, with what to do, where it is no TOML (1.0), has keys that are not known, or values amiss.
    """
    file = data.joinpath(MANIFEST)
    if not file.is_file():
        return None
    try:
        found = tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise KelisimError(f'{file}: {error}. Lines are such as: name = "harbour"') from error
    unknown = sorted(found.keys() - {*_KEYS})
    if unknown:
        raise KelisimError(f"{file}: there is no key {unknown[0]!r} here; there are {', '.join(_KEYS)}.")
    name, extends, articles = found.get("name"), found.get("extends"), found.get("articles", "articles")
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise KelisimError(f'{file}: name is to be one word of small Latin letters and digits, such as "harbour".')
    if extends is not None and extends != SHIPPED:
        raise KelisimError(f'{file}: extends can only be "{SHIPPED}"; leave it out for a graph that stands alone.')
    if not (isinstance(articles, str) and articles):
        raise KelisimError(f'{file}: articles is to be the path of a folder, such as "articles".')
    return Manifest(name, extends == SHIPPED, articles)
