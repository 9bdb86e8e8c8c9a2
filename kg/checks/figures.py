"""Figures: the value against what is printed, its unit, its share, its hedge, and what the gloss tells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Final

from kg.checks.collection import Collection, CuratedClaim, local
from kg.checks.findings import Finding
from kg.checks.numbers import Figure, figures, in_digits, scale
from kg.checks.reading import Statement

UNIT_WORDS: Final = {
    "CCY_USD": r"\$|\bdollars?\b|\bUSD\b|доллар|АҚШ доллар",
    "CCY_EUR": r"€|\beuros?\b|\bEUR\b|евро|еуро",
    "CCY_RUB": r"₽|\broubles?\b|\brubles?\b|\bRUB\b|рубл",
    "CCY_KZT": r"₸|\btenge\b|\bKZT\b|тенге|теңге",
    "CCY_CNY": r"¥|\byuan\b|\brenminbi\b|юан",
    "CCY_GBP": r"£|\bpounds? sterling\b|фунт\w* стерлинг",
    "PERCENT": r"%|\bper ?cent\b|процент|пайыз",
    "M3": r"\bcubic met(?:er|re)s?\b|\bcu\.? ?m\b|кубометр|кубическ|текше метр",
}
"""Words that tell a unit; a unit may go on, as M3-PER-YR does."""

_HEDGES: Final = {
    "bound-over": r"over|more than|(?:has |have |had )?exceed(?:s|ed|ing)?|above|at least|no less than|upwards of|"
    r"surpass(?:es|ed)|in excess of|более|больше|свыше|превы\w+|не менее|аса|астам",
    "bound-up-to": r"up to|no more than|at most|not more than|a maximum of|до|не более|максимум",
    "bound-about": r"(?<!talking )(?<!talk )(?<!speaking )(?<!speak )(?<!spoke )(?<!talked )about|around|some|"
    r"approximately|roughly|circa|an estimated|near|~|около|примерно|порядка|приблизительно|шамамен",
    "bound-nearly": r"nearly|almost|close to|just under|a little less than|почти|без малого|дерлік",
    "bound-record": r"(?:a |an )?record(?: of| high of)?|(?:all-time|historic) high of|рекордн\w+",
}
"""Words right before a figure that hedge or stress it, by the code that says so."""
HEDGE: Final = {
    code: re.compile(rf"(?:(?<=\s)|^)(?:{words})(?:\s+(?:the|of|a|an|than|to))?[\s$€£¥₽₸]*$", re.IGNORECASE)
    for code, words in _HEDGES.items()
}
_HEDGED: Final = {
    **{code: re.compile(rf"\b(?:{words})(?!\w)", re.IGNORECASE) for code, words in _HEDGES.items()},
    "bound-nearly": re.compile(
        rf"\b(?:{_HEDGES['bound-nearly']}|soon|скоро|вскоре|жақында|жуырда)(?!\w)", re.IGNORECASE
    ),
}
_NO_NOUN: Final = re.compile(
    r"\s*(?:$|[^\w\s])|\s+(?:by|in|to|from|at|on|this|that|last|next|an?|per|and|or|but|up|down|over|as|than|for|of|with|"
    r"within|while|when|which|after|before|during|against|compared|more|less|annually|today|yesterday|already|"
    r"в|к|за|на|по|до|и|а|но|или|из|с|со|от|против|ежегодно|және)\b",
    re.IGNORECASE,
)
"""What follows a figure that stands without its noun: 2.1 billion in 2032."""
_BARE: Final = re.compile(r"[$€£¥₽₸]?\s?[\d.,]*\d|[^\W\d_]+")
"""A printed figure that has neither a scale word nor a unit behind it."""
_SHARE: Final = Decimal("0.0051")


def values(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """A value, or a number of documents, that is not the figure as printed: another number, another scale."""
    for claim in claims:
        for written in claim.told("asWritten"):
            printed = figures(written.value)
            factors = _scales_of_range(written.value, collection.text(claim)) if printed else set()
            if factors and _BARE.fullmatch(written.value):
                printed = [replace(f, value=f.value * factor) for f in printed[:1] for factor in sorted(factors)]
            for value in (*claim.told("value", written.subject), *claim.told("documentCount", written.subject)):
                number = _decimal(value)
                if number is None or not printed or any(number == f.value for f in printed):
                    continue
                first = printed[0].value
                if any(f.whole and number == round(f.value / f.whole * 100) for f in printed):
                    continue
                by = " by its scale" if first and _is_power_of_ten(number / first) else ""
                wrong = f"The value {value.value} is not “{written.value}”{by}, which is {first.normalize():f}."
                yield claim.error(value.line, "value-as-written", wrong, "Write the value in plain units, as printed.")


def units(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """A unit that the words beside the figure do not tell, or the other way round."""
    for claim in claims:
        text = collection.text(claim)
        for written in claim.told("asWritten"):
            told = {u for u, words in UNIT_WORDS.items() if re.search(words, written.value, re.IGNORECASE)}
            around = _around(text, written.value)
            if _leaves_unit_out(text, written.value):
                around += f"\n{text}\n{collection.before(claim)}"
            near = {u for u, words in UNIT_WORDS.items() if re.search(words, around, re.IGNORECASE)}
            for unit in claim.told("unit", written.subject):
                name = local(unit.value)
                if told and not any(name == u or name.startswith(f"{u}-") for u in told):
                    wrong = f"The unit is unit:{name}, and “{written.value}” is printed in {_listed(told)}."
                    yield claim.error(unit.line, "unit-as-written", wrong, "Correct the unit, or the printed figure.")
                elif not told and text and (name in UNIT_WORDS or name.startswith("CCY_")) and name not in near:
                    wrong = (
                        f"The unit is unit:{name}, and nothing in “{written.value}”, beside it or before it says so."
                    )
                    yield claim.error(
                        unit.line,
                        "unit-as-written",
                        wrong,
                        "Take the unit that the passage tells; counts are unit:NUM.",
                    )


def bounds(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """A hedge before the figure that its bound does not tell, or a bound of which the passage has no word."""
    for claim in claims:
        text = collection.text(claim)
        for written in claim.told("asWritten"):
            codes = claim.told("bound", written.subject)
            own = {c for c, words in HEDGE.items() if _hedges(words, written.value)}
            if own:
                wrong = f"“{written.value}” holds the hedge too, which is told by kel:bound code:{min(own)}."
                yield claim.error(written.line, "hedge-in-figure", wrong, "Leave only the figure and its unit words.")
            if not text or not codes or written.value not in text:
                continue
            before = [
                re.split(r"[\d,;:()]", text[: m.start()])[-1] for m in re.finditer(re.escape(written.value), text)
            ]
            hedges = [{c for c, words in HEDGE.items() if words.search(part)} for part in before]
            told = {local(c.value) for c in codes}
            if told & _ends_of_range(written.value, text):
                continue
            if all(found and not found & told for found in hedges):
                code = min(hedges[0])
                wrong = f"The passage hedges “{written.value}”, and its bound is {_listed(told)}."
                yield claim.error(codes[0].line, "bound-word", wrong, f"Take code:{code}, as the words before it say.")
            for bound in codes:
                printed = _HEDGED.get(local(bound.value))
                if printed and not printed.search(text):
                    wrong = f"The bound is code:{local(bound.value)}, of which the passage has no word."
                    mend = "Take the code of the hedge that is printed; without one it is code:bound-exact."
                    yield claim.error(bound.line, "bound-word", wrong, mend)


def _ends_of_range(figure: str, text: str) -> set[str]:
    """The bounds that a range gives to a figure that is one of its ends: between 12 and 15, 8 to 9, 40–45."""
    number = rf"(?<![\w.,]){re.escape(figure)}(?!\w|[.,]\d)"
    unit = r"(?:\s*%|\s+[^\W\d]+){0,2}"
    below = rf"{number}{unit}\s*(?:to|and|–|—|-|до|и)\s*[$€£¥₽₸]?\d"
    above = rf"\d[\d.,]*{unit}\s*(?:to|and|–|—|-|до|и)\s*[$€£¥₽₸]?{number}"
    opened = re.search(rf"\b(?:between|from|от|с)\s+[$€£¥₽₸]?(?:{below})", text, re.IGNORECASE)
    closed = re.search(rf"\b(?:between|from|от|с)\s+[$€£¥₽₸]?(?:{above})", text, re.IGNORECASE)
    plain = r"(?:to|–|—|-|до)"
    first = re.search(rf"{number}{unit}\s*{plain}\s*[$€£¥₽₸]?\d", text)
    second = re.search(rf"\d[\d.,]*{unit}\s*{plain}\s*[$€£¥₽₸]?{number}", text)
    return ({"bound-over"} if opened or first else set()) | ({"bound-up-to"} if closed or second else set())


def _scales_of_range(figure: str, text: str) -> set[Decimal]:
    """By what the upper end of a range multiplies its lower end, 6 in “6 to 7 billion”, as often as it is printed.

    Empty where the figure is no such end; 1 for where it stands elsewhere, too.
    """
    found: set[Decimal] = set()
    for match in re.finditer(rf"(?<![\w.,]){re.escape(figure)}(?!\w|[.,]\d)", text):
        opened = re.search(r"\b(?:between|from|от|с|между)\s+(?:about\s+)?$", text[: match.start()], re.IGNORECASE)
        words = r"to|or|and|до|или|и" if opened else r"to|or|до|или"
        apart = re.match(rf"(?:\s*[-–—]\s*|\s+(?:{words})\s+)[$€£¥₽₸]?", text[match.end() :], re.IGNORECASE)
        after = text[match.end() + apart.end() :] if apart else ""
        upper, lower = next((f for f in figures(after) if f.start == 0), None), figures(figure)
        factor = scale(after[: upper.end]) if upper else Decimal(1)
        ranged = upper and lower and 0 < lower[0].value * factor < upper.value
        found.add(factor if ranged else Decimal(1))
    return found if found - {Decimal(1)} else set()


def shares(_: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """A share that is not the value by its whole, and a measure of a share without one."""
    for claim in claims:
        for share in claim.told("share"):
            value = _first(claim.told("value", share.subject))
            whole = _first(claim.told("outOf", share.subject))
            percent = any(local(u.value) == "PERCENT" for u in claim.told("unit", share.subject))
            number = _decimal(share)
            expected = value / 100 if percent and value is not None else value / whole if value and whole else None
            if number is not None and expected is not None and abs(number - expected) > _SHARE:
                wrong = f"The share {share.value} does not follow from the value; it would be {expected:.4f}."
                yield claim.error(share.line, "share", wrong, "Correct the share: a decimal between 0 and 1.")
        for measure in claim.told("measure"):
            if local(measure.value).endswith("-share") and not claim.told("share", measure.subject):
                wrong = "A measure of a share has no kel:share."
                yield claim.error(measure.line, "share", wrong, "Add it beside the value: 19 per cent is 0.19.")


def kinds(_: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """A figure of the past in a claim that is planned, and one that is planned in no way told as such."""
    for claim in claims:
        for kind in claim.told("figureKind"):
            if local(kind.value) == "figure-actual" and claim.code("modality") == "planned":
                wrong = "A claim that is planned has an actual figure."
                yield claim.error(kind.line, "figure-kind", wrong, "Take code:figure-planned or code:figure-target.")


def gloss_figures(_: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """A gloss whose only figures are other ones than the claim's."""
    for claim in claims:
        told = [v for s in claim.told("value") if (v := _decimal(s)) is not None]
        if len(told) != 1 or told[0] < 13:
            continue
        for gloss in claim.of_record("gloss"):
            printed = {f.value for f in in_digits(gloss.value) if not _is_year(f)}
            others = {f.value for f in figures(gloss.value)}
            if printed and told[0] not in others:
                numbers = ", ".join(f"{n.normalize():f}" for n in sorted(printed))
                wrong = f"The gloss tells {numbers}, and the value is {told[0]}."
                yield claim.warning(gloss.line, "gloss-figure", wrong, "Correct the one that is wrong.")


def _first(statements: Sequence[Statement]) -> Decimal | None:
    return _decimal(statements[0]) if statements else None


def _decimal(statement: Statement) -> Decimal | None:
    try:
        value = Decimal(statement.value)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _is_power_of_ten(ratio: Decimal) -> bool:
    return ratio > 0 and ratio == Decimal(10) ** ratio.adjusted()


def _is_year(figure: Figure) -> bool:
    return figure.value == figure.value.to_integral_value() and (figure.value <= 31 or 1000 <= figure.value <= 2100)


def _around(text: str, figure: str) -> str:
    """The figure with the word before and the few after it."""
    position = text.find(figure)
    return text[max(0, position - 12) : position + len(figure) + 40] if position >= 0 else ""


def _leaves_unit_out(text: str, figure: str) -> bool:
    """Whether no noun follows the figure, so that its unit may be that of a figure before it."""
    after = (text[m.end() :] for m in re.finditer(re.escape(figure), text))
    return any(_NO_NOUN.match(words) for words in after)


def _hedges(words: re.Pattern[str], figure: str) -> bool:
    """Whether a printed figure begins with a hedge."""
    number = re.search(r"[$€£¥₽₸]?\d", figure)
    return bool(number and number.start() and words.search(figure[: number.start()]))


def _listed(names: set[str]) -> str:
    return " and ".join(sorted(names))
