"""What lenses are called: ``…/lens/as-of/2023-12-31/speaker/vladimir-putin`` and the like."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from urllib.parse import quote, unquote

from ontology import BASE, KelisimError

LENSES: Final = BASE + "lens/"
"""The beginning of the names of all lenses."""

Kind = Literal["as-of", "source", "speaker", "modality"]
KINDS: Final[tuple[Kind, ...]] = ("as-of", "source", "speaker", "modality")
"""What a lens may select by, in the order of canonical names."""

_EVERYTHING: Final = "everything"


class LensError(KelisimError):
    """A name in the namespace of lenses that names none.

    `template` is the message in English, with ``%(name)s`` for each of `values`, so that it can be translated.
    """

    def __init__(self, template: str, values: Mapping[str, str]) -> None:
        self.template = template
        self.values = dict(values)
        super().__init__(template % self.values)


@dataclass(frozen=True)
class Lens:
    """What a lens selects: the claims to which all of its parts apply; an empty part applies to all.

    as_of: a date as YYYY-MM-DD; the claims of articles that were published by then, also if their date is not known to
    the day: `kel:latest` of the article is no later.
    source: the slug of an article (``src:``). speaker: the slug of a thing (``id:``). modality: that of a ``code:``.
    everything: whether the facts of claims in all modalities are in the default graph; else only those asserted,
    reported or planned. With a `modality` they are anyway.
    """

    as_of: str = ""
    source: str = ""
    speaker: str = ""
    modality: str = ""
    everything: bool = False

    @property
    def parts(self) -> dict[Kind, str]:
        """The parts that are given, in canonical order."""
        values = (self.as_of, self.source, self.speaker, self.modality)
        return {kind: value for kind, value in zip(KINDS, values, strict=True) if value}

    @property
    def shows_all(self) -> bool:
        """Whether the default graph has the facts of claims in all modalities."""
        return self.everything or bool(self.modality)

    @property
    def path(self) -> str:
        """The canonical name below ``lens/``; two lenses that are equal in all they select may still differ in it."""
        found = [_EVERYTHING] if self.everything and not self.modality else []
        for kind, value in self.parts.items():
            found += [kind, quote(value, safe="!$&'()*+,;=:@")]
        return "/".join(found)

    @property
    def iri(self) -> str:
        """The canonical name."""
        return LENSES + self.path

    def narrowed(self, kind: Kind, value: str) -> "Lens":
        """The lens that selects by this too."""
        given = {**self.parts, kind: value}
        as_of, source, speaker, modality = (given.get(each, "") for each in KINDS)
        return Lens(as_of, source, speaker, modality, self.everything)


def is_lens(iri: str) -> bool:
    """Whether an IRI is in the namespace of lenses, so that no graph has that name."""
    return iri.startswith(LENSES)


def parse(path: str) -> Lens:
    """The lens of a name below ``lens/``, such as ``as-of/2023-12-31``, or of a whole IRI; its parts in any order.

    Raises LensError if it names none. Whether there are such sources, speakers and codes is for `selection` to say.
    """
    path = path.removeprefix(LENSES)
    segments = path.split("/")
    found: dict[str, str] = {}
    everything = False
    while segments:
        kind = segments.pop(0)
        if kind == _EVERYTHING and not everything:
            everything = True
            continue
        if kind in found or kind == _EVERYTHING:
            raise LensError(
                "The lens %(path)s has two parts of the kind %(kind)s. A lens has one of each kind: a claim has one "
                "source, one speaker and one modality, and of two dates the earlier is enough.",
                {"path": path, "kind": kind},
            )
        if kind not in KINDS:
            raise LensError(
                "The lens %(path)s cannot be read at “%(part)s”. A lens is everything, as-of/YYYY-MM-DD, "
                "source/ARTICLE, speaker/NAME or modality/CODE, or several of these, joined by a slash.",
                {"path": path, "part": kind},
            )
        value = unquote(segments.pop(0)) if segments else ""
        if not value:
            raise LensError(
                "The lens %(path)s lacks what comes after %(kind)s, such as %(example)s.",
                {"path": path, "kind": kind, "example": _EXAMPLES[kind]},
            )
        found[kind] = value
    if day := found.get("as-of", ""):
        _check_date(day)
    return Lens(day, found.get("source", ""), found.get("speaker", ""), found.get("modality", ""), everything)


_EXAMPLES: Final = {
    "as-of": "as-of/2023-12-31",
    "source": "source/izv24",
    "speaker": "speaker/vladimir-putin",
    "modality": "modality/expected",
}


def _check_date(day: str) -> None:
    try:
        sound = date.fromisoformat(day).isoformat() == day
    except ValueError:
        sound = False
    if not sound:
        raise LensError(
            "“%(day)s” is no date of a lens: write a day of the calendar as YYYY-MM-DD, such as as-of/2023-12-31.",
            {"day": day},
        )
