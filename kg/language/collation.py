"""Sort keys for Russian and Kazakh letters whose code points are not in alphabetical order."""

from functools import reduce
from typing import Final

_AFTER: Final = {"ә": "а", "ғ": "г", "ё": "е", "қ": "к", "ң": "н", "ө": "о", "ұ": "у", "ү": "у", "һ": "х", "і": "ы"}
"""Each of those letters, and the one that it follows in the alphabet; letters after the same one are in order."""

_PLACED: Final = {letter: before + chr(0xE000 + place) for place, (letter, before) in enumerate(_AFTER.items())}
"""The replacement of a letter in a key: the one before it, and a private-use character, which sorts after letters."""

_TABLE: Final = str.maketrans(_PLACED)


def key(name: str) -> str:
    """The sort key of a name, without regard to case: ``Қазақстан`` is between ``Киев`` and ``Латвия``."""
    return name.casefold().translate(_TABLE)


def sparql_key(expression: str, language: str) -> str:
    """A SPARQL expression for the sort key of a string expression; it gives the same order as `key`."""
    small = f"LCASE(STR({expression}))"
    if language not in {"ru", "kk"}:
        return small
    return reduce(lambda inner, pair: f'REPLACE({inner}, "{pair[0]}", "{pair[1]}")', _PLACED.items(), small)
