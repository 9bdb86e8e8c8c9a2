"""Citations of a page: as text, as BibTeX and as RIS."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from kg.publishing.about import About
from ontology import version

AUTHORS: Final = "Kelisim contributors"
DATASET: Final = "Kelisim: diplomacy between states, with who said so"

_SPECIAL: Final = re.compile(r"[\\{}&%$#_~^]")


@dataclass(frozen=True)
class Citation:
    """A citation as a sentence (APA style), as a BibTeX entry and as an RIS record."""

    text: str
    bibtex: str
    ris: str


def cite(title: str, iri: str, data_version: str, source: str = "", *, about: About) -> Citation:
    """The citation of an IRI's page, accessed today, in a version of the data; `source` is the source of a claim.

    about: what is said of the dataset, whose authors are its publishers; where none is given, none is named.
    """
    today = datetime.now(UTC).date()
    code = "en" if about.ours else about.title("en").language
    authors = AUTHORS if about.ours else ", ".join(str(each.name) for each in about.publishers(code))
    dataset = DATASET if about.ours else str(about.title("en"))
    release = f"version {version()}, data {data_version}" if about.ours else f"data {data_version}"
    slug = re.sub(r"\W+", "-", iri.rstrip("/").rpartition("/")[2])
    key = f"kelisim-{slug}" if about.ours else slug
    note = f"{release}; accessed {today}" + (f"; drawn from {source}" if source else "")
    drawn = f" Drawn from {source}." if source else ""
    whole = dataset == title
    work = f"{title.rstrip('.')} ({release})." if whole else f"{title.rstrip('.')}. In {dataset} ({release})."
    bibtex = [
        f"  author = {{{{{_tex(authors)}}}}}" if authors else "",
        f"  title = {{{_tex(title)}}}",
        f"  howpublished = {{{_tex(dataset)}}}" if not whole else "",
        f"  year = {{{today.year}}}",
        f"  note = {{{_tex(note)}}}",
        f"  url = {{{iri}}}",
    ]
    ris = [
        f"AU  - {authors}" if authors else "",
        f"TI  - {title}",
        f"T2  - {dataset}" if not whole else "",
        f"ET  - {release}",
        f"PY  - {today.year}",
        f"Y2  - {today:%Y/%m/%d}",
        f"N1  - Drawn from {source}" if source else "",
        f"UR  - {iri}",
    ]
    return Citation(
        f"{f'{authors}. ' if authors else ''}({today.year}). {work}{drawn} Retrieved {today} from {iri}",
        f"@misc{{{key},\n" + ",\n".join(filter(None, bibtex)) + "\n}",
        "\n".join(("TY  - DATA", *(line for line in map(_one_line, ris) if line), "ER  - ")),
    )


def _one_line(text: str) -> str:
    """The text with single spaces, since a field of RIS is a line."""
    return " ".join(text.split(None)) if "\n" in text else text


def _tex(text: str) -> str:
    r"""The text with TeX's special characters escaped as ``\char``."""
    return _SPECIAL.sub(lambda sign: f"\\char{ord(sign[0])}{{}}", text)
