"""The order of the Russian and Kazakh letters that Unicode has apart from their neighbours in the alphabet."""

from functools import reduce
from typing import Final

_AFTER: Final = {"ә": "а", "ғ": "г", "ё": "е", "қ": "к", "ң": "н", "ө": "о", "ұ": "у", "ү": "у", "һ": "х", "і": "ы"}
"""Each of those letters, and the one that it follows; of two that follow the same, the first comes first."""

_PLACED: Final = {letter: before + chr(0xE000 + place) for place, (letter, before) in enumerate(_AFTER.items())}
"""What stands for a letter in a key: the one before it, and a character (of private use) that is after all letters."""

_TABLE: Final = str.maketrans(_PLACED)


def key(name: str) -> str:
    """What to sort a name by: capitals as small letters, and ``Қазақстан`` between ``Киев`` and ``Латвия``."""
    return name.casefold().translate(_TABLE)


def sparql_key(expression: str, language: str) -> str:
    """The SPARQL expression of such a key for a string, where the language needs one; names by it sort as by `key`."""
    small = f"LCASE(STR({expression}))"
    if language not in {"ru", "kk"}:
        return small
    return reduce(lambda inner, pair: f'REPLACE({inner}, "{pair[0]}", "{pair[1]}")', _PLACED.items(), small)
