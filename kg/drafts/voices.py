"""Who says something in a sentence: whom a verb of speech names, whom a quotation belongs to."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

from kg.drafts.spelling import Mention

_VERBS: Final[dict[str, str]] = {
    "statement-announcement": r"announc\w+|inform\w*|specif\w+|report\w*|declar\w+|объяв\w+|сообщ\w+|мәлімде\w+|"
    r"хабарла\w+",
    "statement-expectation": r"expect\w*|hopes?|hoped|suggest\w*|suppos\w+|believ\w+|think\w*|rule[sd]? out|admit\w*|"
    r"ожида\w+|наде\w+|предполож\w+|считает|күте\w+|санайды",
    "statement-recollection": r"recall\w*|remind\w*|напомн\w+|еске сал\w+",
    "statement-denial": r"den(?:y|ies|ied)|reject\w*|refut\w*|опроверг\w+|отриц\w+|жоққа шығар\w+",
    "statement-criticism": r"critici[sz]\w+|condemn\w*|accus\w+|critical of|раскритик\w+|осуд\w+|сынады|айыпта\w+",
    "statement-warning": r"warn\w*|предупре\w+|ескерт\w+",
    "statement-commitment": r"promis\w+|pledg\w+|assur\w+|confirm\w*|vow\w*|пообеща\w+|заверил\w*|"
    r"подтверди\w+|уәде\w+|растады",
    "statement-praise": r"prais\w+|thank\w*|welcom\w+|поблагодар\w+|приветств\w+|алғыс\w*",
    "statement-assessment": r"said|says|saying|told|tells|not(?:ed|es)|stress\w*|emphasi[sz]\w+|add(?:ed|s)|"
    r"call(?:ed|s)|sum(?:med|marized|marised)\w*|statement|stated|"
    r"заяв\w+|сказа\w+|отмети\w+|подчеркн\w+|добави\w+|назва\w+|деді|айтты|атап өтті|айтуынша",
}
"""Verbs of speech by the kind of statement that they tell; the last for those that tell none."""
_KINDS: Final = {code: re.compile(rf"\b(?:{words})(?!\w)", re.IGNORECASE) for code, words in _VERBS.items()}
_ACCORDING: Final = re.compile(
    r"\baccording to\b|\bпо (?:словам|данным|мнению)\b|\bin the (?:view|words) of\b", re.IGNORECASE
)
_DASH: Final = re.compile(r"\s*[-–—]\s")
"""A paragraph that begins so is a quotation."""
_MARKS: Final = frozenset('"“”«»„')
_PRONOUN: Final = re.compile(
    r"\b(?:he|she|the (?:expert|diplomat|leader|minister|politician|\w+ leader'?s?(?: aide)?))\b", re.IGNORECASE
)
_NEAR: Final = 70
_FAR: Final = 140
"""So many characters may lie between the name of a body, or of a person with an office, and the verb."""
_CLOSE: Final = 12
"""A subject behind its verb is not further from it."""
_ADDRESSING: Final = frozenset({"told", "tells", "informed", "reminded", "assured"})
"""Whom these verbs are followed by is spoken to."""


@dataclass(frozen=True)
class Voice:
    """Who says something (an IRI), the kind of the statement (a code's local name), and whether it is quoted."""

    iri: str
    kind: str
    quoted: bool


def voices(
    texts: Sequence[str], named: Sequence[Sequence[Mention]], people: Container[str], before: Voice | None
) -> list[Voice | None]:
    """The voices of the sentences of a paragraph, given whom each names and the voice that spoke last before it.

    `people` are the persons among them. None where nobody is told to say anything; then the article speaks itself. Who
    is named at the end of a paragraph that begins as a quotation has said its beginning too.
    """
    found: list[Voice | None] = []
    begun: list[bool] = []
    opened = False
    for text, agents in zip(texts, named, strict=True):
        begun.append(bool(_DASH.match(text)) or opened)
        outside = _outside(text, opened)
        there = [m for m in agents if outside[m.start : m.end].strip()]
        own = _voice(outside, there, people, next((v for v in reversed(found) if v), before))
        found.append(own and Voice(own.iri, own.kind, begun[-1] or '"' in text))
        opened = _opened(text, opened)
    last = next((v for v in found if v), before) if _DASH.match(texts[0]) else before
    for i, own in enumerate(found):
        last = own or last
        if begun[i] and own is None and last:
            found[i] = Voice(last.iri, "statement-assessment", quoted=True)
    return found


def _outside(text: str, opened: bool) -> str:
    """The text with what it quotes blanked out; a dash at its beginning opens a quotation."""
    kept, inside = [], opened or bool(_DASH.match(text))
    for character in text:
        if character in _MARKS:
            inside = character in "«“„" or (character == '"' and not inside)
        kept.append(" " if inside or character in _MARKS else character)
    return "".join(kept)


def _opened(text: str, opened: bool) -> bool:
    """Whether a quotation is open after a sentence."""
    opened = opened or bool(_DASH.match(text))
    for character in text:
        if character in _MARKS:
            opened = character in "«“„" or (character == '"' and not opened)
    return opened


def _voice(text: str, agents: Sequence[Mention], people: Container[str], before: Voice | None) -> Voice | None:
    found = next(((code, m) for code, words in _KINDS.items() if (m := words.search(text))), None)
    if according := _ACCORDING.search(text):
        after = [m for m in agents if 0 <= m.start - according.end() < _NEAR]
        if after:
            speaker = min(after, key=lambda m: (m.iri not in people, m.start))
            return Voice(speaker.iri, found[0] if found else "statement-assessment", quoted=False)
    if found is None:
        return None
    code, verb = found
    near = [m for m in agents if _between(m, verb) < (_FAR if m.iri in people else _NEAR)]
    if verb[0].lower() in _ADDRESSING:
        near = [m for m in near if m.end <= verb.start()]
    if near:
        return Voice(min(near, key=lambda m: _rank(m, verb, people)).iri, code, quoted=False)
    if before and (_PRONOUN.search(text) or not text[: verb.start()].strip()):
        return Voice(before.iri, code, quoted=False)
    return None


def _rank(mention: Mention, verb: re.Match[str], people: Container[str]) -> tuple[bool, bool, int]:
    """Who is likelier to be the subject of a verb: not who comes long after it, a person, who is nearer."""
    distance = _between(mention, verb)
    return mention.start >= verb.end() and distance > _CLOSE, mention.iri not in people, distance


def _between(mention: Mention, verb: re.Match[str]) -> int:
    return max(verb.start() - mention.end, mention.start - verb.end(), 0)
