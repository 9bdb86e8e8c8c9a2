"""How to cite a page: for people, for BibTeX and for RIS."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ontology import version

AUTHORS: Final = "Kelisim contributors"
DATASET: Final = "Kelisim: diplomacy between states, with who said so"

_SPECIAL: Final = re.compile(r"[\\{}&%$#_~^]")


@dataclass(frozen=True)
class Citation:
    """One and the same citation as a sentence (APA), as a BibTeX entry and as an RIS record."""

    text: str
    bibtex: str
    ris: str


def cite(title: str, iri: str, data_version: str, source: str = "") -> Citation:
    """How to cite what is told of an IRI today, in a version of the data; `source` tells what a claim is drawn from."""
    today = datetime.now(UTC).date()
    release = f"version {version()}, data {data_version}"
    slug = re.sub(r"\W+", "-", iri.rpartition("/")[2])
    note = f"{release}; accessed {today}" + (f"; drawn from {source}" if source else "")
    drawn = f" Drawn from {source}." if source else ""
    work = f"{title.rstrip('.')}. In {DATASET} ({release})."
    return Citation(
        f"{AUTHORS}. ({today.year}). {work}{drawn} Retrieved {today} from {iri}",
        "\n".join(
            (
                f"@misc{{kelisim-{slug},",
                f"  author = {{{{{AUTHORS}}}}},",
                f"  title = {{{_tex(title)}}},",
                f"  howpublished = {{{DATASET}}},",
                f"  year = {{{today.year}}},",
                f"  note = {{{_tex(note)}}},",
                f"  url = {{{iri}}}",
                "}",
            )
        ),
        "\n".join(
            (
                "TY  - DATA",
                f"AU  - {AUTHORS}",
                f"TI  - {title}",
                f"T2  - {DATASET}",
                f"ET  - {release}",
                f"PY  - {today.year}",
                f"Y2  - {today:%Y/%m/%d}",
                *([f"N1  - Drawn from {source}"] if source else []),
                f"UR  - {iri}",
                "ER  - ",
            )
        ),
    )


def _tex(text: str) -> str:
    r"""The text for BibTeX: what TeX would read as a command is written as a character."""
    return _SPECIAL.sub(lambda sign: f"\\char{ord(sign[0])}{{}}", text)
