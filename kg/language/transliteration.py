"""Normalises spellings: folds case and diacritics, and derives a phonetic key across scripts."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from anyascii import anyascii

WORD: Final = re.compile(r"[^\W_]+")
"""A run of letters and digits."""

_KAZAKH: Final = str.maketrans("әғқңөұүһі", "агкноуухи")
"""Kazakh letters without a Unicode decomposition, and the Russian letters commonly typed instead."""

_UNIFICATION: Final = (
    (re.compile(r"[^a-z0-9]+"), " "),
    (re.compile(r"dzh|zh"), "j"),
    (re.compile(r"kh"), "h"),
    (re.compile(r"gh"), "g"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"ck|q"), "k"),
    (re.compile(r"w"), "v"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"y"), "i"),
    (re.compile(r"ie"), "e"),
    (re.compile(r"([a-z])\1+"), r"\1"),
)
"""Replacements that unify the transliterations of Russian and Kazakh into Latin letters, applied in this order."""

_APOSTROPHES: Final = re.compile("['’ʼʹ`]")


def fold(text: str) -> str:
    """The text in lower case without diacritics, Kazakh letters replaced by similar Russian ones.

    ``Қазақстан`` gives ``казакстан``. Texts that differ only in case and diacritics give the same result; letters of
    different scripts remain different.
    """
    if text.isascii():
        return text.lower()
    # Decomposed before and after: capitals may decompose into capitals, and case folding may give letters with marks.
    small = _plain(_plain(text).casefold()).casefold()
    return small.translate(_KAZAKH)


def _plain(text: str) -> str:
    """The text without combining marks (Unicode Standard Annex 15, NFKD)."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The folded words of a text, in order: runs of letters and digits."""
    return WORD.findall(fold(text))


@lru_cache(maxsize=1 << 12)
def phonetic_key(text: str) -> str:
    """A phonetic key, equal or similar for spellings of one name in any script: Latin words separated by spaces.

    ``Касым-Жомарт Токаев``, ``Қасым-Жомарт Тоқаев`` and ``Kassym-Jomart Tokayev`` all give ``kasim jomart tokaev``.
    For comparison only, not for display.
    """
    key = _APOSTROPHES.sub("", anyascii(unicodedata.normalize("NFC", text))).casefold()
    for pattern, replacement in _UNIFICATION:
        key = pattern.sub(replacement, key)
    return key.strip()
