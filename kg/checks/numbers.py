"""Numbers as news print them, in English, Russian and Kazakh: digits, scale words, number words, parts of a whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_SCALES: Final = (
    (r"thousand|k|тысяч\w*|тыс\.?|мың\w*", 3),
    (r"million\w*|mn|mln|млн\.?|миллион\w*", 6),
    (r"billion\w*|bn|bln|млрд\.?|миллиард\w*", 9),
    (r"trillion\w*|tn|trln|трлн\.?|триллион\w*", 12),
)
_SCALE: Final = "|".join(f"(?P<s{power}>{words})" for words, power in _SCALES)
_DIGITS: Final = re.compile(
    r"(?<![\w.,])"
    r"(?P<digits>\d{1,3}(?P<apart>[ ,.\u00a0\u202f])\d{3}(?:(?P=apart)\d{3})*(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
    rf"(?:[ \u00a0\u202f-]*(?:{_SCALE})(?!\w))?",
    re.IGNORECASE,
)
_SCALE_WORD: Final = re.compile(rf"(?<![^\W\d_])(?:{_SCALE})(?!\w)", re.IGNORECASE)
_UP_TO_TWENTY: Final = (
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty""",
    """zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""",
    """ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать
    пятнадцать шестнадцать семнадцать восемнадцать девятнадцать двадцать""",
    "нулевой первый второй третий четвертый пятый шестой седьмой восьмой девятый десятый",
    "нөл бір екі үш төрт бес алты жеті сегіз тоғыз он",
    "нөлінші бірінші екінші үшінші төртінші бесінші алтыншы жетінші сегізінші тоғызыншы оныншы",
)
"""Number words from zero, cardinal and ordinal, in English, Russian and Kazakh."""
_TENS: Final = (
    "thirty forty fifty sixty seventy eighty ninety",
    "тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
    "отыз қырық елу алпыс жетпіс сексен тоқсан",
)
_BY_WORD: Final = {
    **{w: i for words in _UP_TO_TWENTY for i, w in enumerate(words.split())},
    **{w: 30 + 10 * i for words in _TENS for i, w in enumerate(words.split())},
    "две": 2, "одна": 1, "одно": 1,
    "dozen": 12, "hundred": 100, "сто": 100, "жүз": 100, "двести": 200, "триста": 300, "жиырма": 20, "half": 0,
}  # fmt: skip
_PARTS: Final = {
    "half": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "tenth": 10, "tenths": 10,
    "половина": 2, "треть": 3, "трети": 3, "третей": 3, "четверть": 4, "четверти": 4, "жартысы": 2, "үштен": 3,
}  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]+")
_OUT_OF: Final = re.compile(r"(\d+)\s+(?:out of|of|from|из)\s+(\d+)")


@dataclass(frozen=True)
class Figure:
    """A number in a text: its value, of which whole it is a part (or None), and where it begins and ends."""

    value: Decimal
    whole: Decimal | None
    start: int
    end: int


def _number(digits: str) -> Decimal:
    """A number written in digits, with the thousands apart by a comma, a space or a full stop, or not at all."""
    if found := re.fullmatch(r"(\d{1,3}([ ,.\u00a0\u202f])\d{3}(?:\2\d{3})*)(?:[.,](\d+))?", digits):
        whole = "".join(found[1].split(found[2]))
        return Decimal(f"{whole}.{found[3]}" if found[3] else whole)
    return Decimal(digits.replace(",", "."))


def in_digits(text: str) -> Iterator[Figure]:
    """The numbers that a text prints in digits, with the scale words that follow them."""
    for match in _DIGITS.finditer(text):
        power = next((p for _, p in _SCALES if match[f"s{p}"]), 0)
        yield Figure(_number(match["digits"]) * Decimal(10) ** power, None, match.start(), match.end())


def in_words(text: str) -> Iterator[Figure]:
    """The numbers that a text writes in words, such as two hundred, fourth, two thirds."""
    found = [(m[0].lower().replace("ё", "е"), m.start(), m.end()) for m in _WORD.finditer(text)]
    position = 0
    while position < len(found):
        word, start, end = found[position]
        value = _BY_WORD.get(word)
        position += 1
        if value is None and word not in _PARTS:
            continue
        following = found[position][0] if position < len(found) else ""
        if word in _PARTS and (word not in _BY_WORD or word == "half"):
            yield Figure(Decimal(1), Decimal(_PARTS[word]), start, end)
        elif following in _PARTS and following.endswith(("s", "и", "ей")):
            yield Figure(Decimal(value or 0), Decimal(_PARTS[following]), start, found[position][2])
            position += 1
        else:
            total = Decimal(value or 0)
            while position < len(found) and (factor := _factor(found[position][0])):
                total *= factor
                end = found[position][2]
                position += 1
            yield Figure(total, None, start, end)


def _factor(word: str) -> int:
    if word in {"hundred", "жүз"}:
        return 100
    return next((10**power for words, power in _SCALES if re.fullmatch(words, word)), 0)


def scale(printed: str) -> Decimal:
    """By what the scale word of a printed figure multiplies its number; 1 without one."""
    match = _SCALE_WORD.search(printed)
    return Decimal(10) ** next((p for _, p in _SCALES if match and match[f"s{p}"]), 0)


def figures(text: str) -> list[Figure]:
    """All numbers of a text, in digits and in words; “76 out of 89” is one with its whole."""
    parts = [Figure(Decimal(m[1]), Decimal(m[2]), m.start(), m.end()) for m in _OUT_OF.finditer(text)]
    found = [*parts, *in_digits(text), *in_words(text)]
    return sorted(found, key=lambda f: (f.start, -f.end))
