"""Citations of a page: as text, as BibTeX and as RIS."""

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
    """A citation as a sentence (APA style), as a BibTeX entry and as an RIS record."""

    text: str
    bibtex: str
    ris: str


def cite(title: str, iri: str, data_version: str, source: str = "") -> Citation:
    """The citation of an IRI's page, accessed today, in a version of the data; `source` is the source of a claim."""
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
    r"""The text with TeX's special characters escaped as ``\char``."""
    return _SPECIAL.sub(lambda sign: f"\\char{ord(sign[0])}{{}}", text)
