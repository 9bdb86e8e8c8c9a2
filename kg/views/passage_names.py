"""What passages are called on pages: article, paragraph and sentences, in words of the reader's language."""

import re
from collections.abc import Iterable
from typing import Final

from kg.language.labels import Label, labels
from kg.language.messages import Translate
from kg.store.reader import Reader
from ontology.namespaces import PREFIXES

_PASSAGE: Final = re.compile(
    re.escape(PREFIXES["src"])
    + r"(?P<article>.+)-p(?P<number>\d+)-(?:omission|s(?P<first>\d+)(?:-(?P<last>\d+))?(?P<span>-span)?)"
)


def passage_names(reader: Reader, iris: Iterable[str], language: str, translate: Translate) -> dict[str, Label]:
    """The names of those of the IRIs that are passages, their positions (``…-span``) or omissions.

    The IRIs encode them. Where the article has no label in the graph, none is given.
    """
    found = {iri: match for iri in iris if (match := _PASSAGE.fullmatch(iri))}
    articles = {iri: PREFIXES["src"] + match["article"] for iri, match in found.items()}
    called = labels(reader, articles.values(), language)
    return {
        iri: Label(_in_words(match, called[articles[iri]].text, translate), language)
        for iri, match in found.items()
        if called[articles[iri]].language
    }


def _in_words(match: re.Match[str], article: str, translate: Translate) -> str:
    place = translate("{source}, paragraph {number}").format(source=article, number=match["number"])
    if not match["first"]:
        return translate("{place}: without claims").format(place=place)
    if match["last"]:
        words = translate("{place}, sentences {first} to {last}").format(
            place=place, first=match["first"], last=match["last"]
        )
    else:
        words = translate("{place}, sentence {number}").format(place=place, number=match["first"])
    return translate("Position in the text: {passage}").format(passage=words) if match["span"] else words
