"""Citations of a thing, of the dataset or of an answer: as text, BibTeX, CSL-JSON and RIS.

The version of the data is named by its number, its date and its digest, so that what is cited can be asked again and
checked, as the RDA recommends for data that change (A. Rauber et al., Identification of Reproducible Subsets for Data
Citation, Sharing and Re-Use, 2016).
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from kg.history.timeline import Version
from kg.language.messages import Translate
from kg.publishing.about import About
from ontology import version

AUTHORS: Final = "Kelisim contributors"
DATASET: Final = "Kelisim: diplomacy between states, with who said so"

FORMATS: Final = {
    "text": "text/plain",
    "bibtex": "application/x-bibtex",
    "csl": "application/vnd.citationstyles.csl+json",
    "ris": "application/x-research-info-systems",
}
"""The media types of the formats."""

_PROLOGUE: Final = re.compile(r"\bPREFIX\s+[\w.-]*:\s*<[^<>\s]*>", re.IGNORECASE)
_SPECIAL: Final = re.compile(r"[\\{}&%$#_~^]")


@dataclass(frozen=True)
class Citation:
    """A citation as a sentence (APA style), a BibTeX entry, an item of CSL-JSON 1.0 and an RIS record."""

    text: str
    bibtex: str
    csl: str
    ris: str


def cite(  # noqa: PLR0913 - what is cited, of which version, when
    title: str, iri: str, data: Version, source: str = "", *, about: About, today: date | None = None, key: str = ""
) -> Citation:
    """The citation of what stands at an address, accessed today, in a version of the data.

    source: that of a claim. about: what is said of the dataset, whose authors are its publishers; where none is given,
    none is named. key: of the BibTeX entry, by default the end of the address.
    """
    today = today or datetime.now(UTC).date()
    code = "en" if about.ours else about.title("en").language
    authors = AUTHORS if about.ours else ", ".join(str(each.name) for each in about.publishers(code))
    dataset = DATASET if about.ours else str(about.title("en"))
    release = f"version {version()}, {in_words(data)}" if about.ours else in_words(data)
    slug = re.sub(r"\W+", "-", key or iri.rstrip("/").rpartition("/")[2])
    key = f"kelisim-{slug}" if about.ours else slug
    note = f"{release}; accessed {today}" + (f"; drawn from {source}" if source else "")
    drawn = f" Drawn from {source}." if source else ""
    whole = dataset == title
    work = f"{title.rstrip('.')} ({release})." if whole else f"{title.rstrip('.')}. In {dataset} ({release})."
    bibtex = [
        f"  author = {{{{{tex(authors)}}}}}" if authors else "",
        f"  title = {{{tex(title)}}}",
        f"  howpublished = {{{tex(dataset)}}}" if not whole else "",
        f"  year = {{{today.year}}}",
        f"  version = {{{data.number}}}",
        f"  note = {{{tex(note)}}}",
        f"  url = {{{in_tex(iri)}}}",
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
    csl: dict[str, Any] = {
        "id": key,
        "type": "dataset",
        "title": title,
        "author": [{"literal": authors}] if authors else None,
        "container-title": dataset if not whole else None,
        "version": str(data.number),
        "issued": {"date-parts": [[int(part) for part in data.time[:10].split("-")]]} if data.time else None,
        "accessed": {"date-parts": [[today.year, today.month, today.day]]},
        "note": f"{release}{f'; drawn from {source}' if source else ''}",
        "URL": iri,
    }
    return Citation(
        f"{f'{authors}. ' if authors else ''}({today.year}). {work}{drawn} Retrieved {today} from {iri}",
        f"@misc{{{key},\n" + ",\n".join(filter(None, bibtex)) + "\n}",
        json.dumps([{name: value for name, value in csl.items() if value}], ensure_ascii=False, indent=1),
        "\n".join(("TY  - DATA", *(line for line in map(one_line, ris) if line), "ER  - ")),
    )


def answer_title(query: str) -> str:
    """The title of the answer of a query: the query without its prefixes, at most 200 characters of it."""
    bare = _PROLOGUE.sub(" ", query)
    return f"Answer to the SPARQL query “{' '.join(bare.split())[:200]}”"


def in_words(data: Version, translate: Translate = str) -> str:
    """The version of the data: its number, date and digest; the SHA-256 of its N-Quads, if that is known."""
    digest = data.sha256 or data.digest
    numbered = translate("data version %(number)s of %(day)s") if data.time else translate("data version %(number)s")
    words = numbered % {"number": data.number, "day": data.time[:10]}
    return f"{words}, {translate('digest')} {digest}" if digest else words


def one_line(text: str) -> str:
    """The text with single spaces, since a field of RIS is a line."""
    return " ".join(text.split(None)) if "\n" in text else text


def tex(text: str) -> str:
    r"""The text with TeX's special characters escaped as ``\char``."""
    return _SPECIAL.sub(lambda sign: f"\\char{ord(sign[0])}{{}}", text)


def in_tex(iri: str) -> str:
    """An address in a field of BibTeX, whose braces must match."""
    return iri.replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C")
