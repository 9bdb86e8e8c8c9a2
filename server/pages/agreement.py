"""The page on which two curations of a text stand side by side: one file without scripts, for ``kelisim agree``."""

from collections import defaultdict
from importlib.resources import files
from typing import Any

from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined

from kg.agreement.comparison import Comparison
from kg.agreement.description import describe
from kg.agreement.differences import Sort
from ontology import KelisimError
from server.http.languages import translator

Paragraph = tuple[str, int]


def agreement_page(comparison: Comparison, language: str = "en") -> str:
    """The page as HTML, in a language; it shows the text of passages if the comparison has the articles' texts."""
    found = describe(comparison, language)
    environment = Environment(
        loader=PackageLoader("server"), autoescape=True, undefined=StrictUndefined, extensions=["jinja2.ext.i18n"]
    )
    words = translator(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words, lambda one, many, count: words(one if count == 1 else many), newstyle=True
    )
    environment.policies["ext.i18n.trimmed"] = True
    style = files("server").joinpath("static", "style.css").read_text(encoding="utf-8")
    sorts = {str(sort): sum(d["sort"] == sort for d in found["differences"]) for sort in Sort}
    return environment.get_template("pages/agreement.html").render(
        found=found,
        language=language,
        style=style,
        paragraphs=_paragraphs(comparison, found, language),
        sorts=sorts,
        share=lambda value: _share(value, language),
    )


def _share(value: float | None, language: str) -> str:
    """Two decimals as the language writes them, which never show as 1 what is less."""
    if value is None:
        return "–"
    almost = 0.995 <= value < 1
    return format_decimal(0.99 if almost else value, "0.00", locale=language) + "+" * almost


def _paragraphs(comparison: Comparison, found: dict[str, Any], language: str) -> list[dict[str, Any]]:
    """The paragraphs with claims, in reading order: sentences, differences, and what both tell alike."""
    differences: dict[Paragraph, list[dict[str, Any]]] = defaultdict(list)
    in_difference = {c.name for d in comparison.differences for c in d.a}
    for told, difference in zip(found["differences"], comparison.differences, strict=True):
        first = (*difference.a, *difference.b)[0]
        differences[first.numbered[0], (told["a"] or told["b"])[0]["paragraph"]].append(told)
    alike: dict[Paragraph, list[tuple[str, str]]] = defaultdict(list)
    for pair in comparison.alignment.pairs:
        claim = pair.a.claim
        if claim.name not in in_difference:
            place = claim.numbered[0], claim.passage.paragraph if claim.passage else claim.numbered[1]
            alike[place].append((claim.name, claim.gloss(language) or claim.gloss("en")))
    return [
        {
            "article": article,
            "number": number,
            "sentences": _sentences(comparison, article, number),
            "differences": differences.get((article, number), []),
            "alike": alike.get((article, number), []),
        }
        for article, number in sorted({*differences, *alike})
    ]


def _sentences(comparison: Comparison, article: str, number: int) -> list[tuple[int, str]]:
    """The sentences of a paragraph with their numbers, if its article's text is there."""
    text = comparison.a.collection.texts.get(article) or comparison.b.collection.texts.get(article)
    if text is None:
        return []
    try:
        return [(s.number, text.text[s.start : s.end]) for s in text.sentences(text.paragraph(number))]
    except KelisimError:
        return []
