"""Makes spellings comparable: of one word with and without its marks, and of one name in several scripts."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from anyascii import anyascii

WORD: Final = re.compile(r"[^\W_]+")
"""A run of letters and digits."""

_KAZAKH: Final = str.maketrans("әғқңөұүһі", "агкноуухи")
"""Letters of Kazakh, which Unicode does not take apart, by those that stand for them on a Russian keyboard."""

_SAME_SOUND: Final = (
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
"""What the ways of writing Russian and Kazakh in Latin letters do differently, brought to one form, in this order."""

_APOSTROPHES: Final = re.compile("['’ʼʹ`]")


def fold(text: str) -> str:
    """The text in small letters without accents, Kazakh letters as their plain neighbours.

    ``Қазақстан`` gives ``казакстан``. What is left compares equal however the marks were typed; the letters of
    different scripts stay apart.
    """
    if text.isascii():
        return text.lower()
    # Taken apart on both sides: capitals may come apart into further ones, and small letters into letters with marks.
    small = _plain(_plain(text).casefold()).casefold()
    return small.translate(_KAZAKH)


def _plain(text: str) -> str:
    """The letters without their marks (Unicode Standard Annex 15, NFKD)."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The folded words of a text, in order: runs of letters and digits."""
    return WORD.findall(fold(text))


@lru_cache(maxsize=1 << 12)
def sound(text: str) -> str:
    """A key that spellings of one name share or nearly share, whatever their script; Latin words parted by spaces.

    ``Касым-Жомарт Токаев``, ``Қасым-Жомарт Тоқаев`` and ``Kassym-Jomart Tokayev`` all give ``kasim jomart tokaev``. It
    is for comparing, not for showing: it brings the usual ways of writing Russian and Kazakh in Latin letters together.
    """
    key = _APOSTROPHES.sub("", anyascii(unicodedata.normalize("NFC", text))).casefold()
    for pattern, instead in _SAME_SOUND:
        key = pattern.sub(instead, key)
    return key.strip()
