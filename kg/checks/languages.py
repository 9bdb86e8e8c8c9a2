"""Texts in the languages that they are marked with, that stand alone, and that are the curator's own words."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from kg.checks.collection import ALT_LABEL, LABEL, LANGUAGES, Collection, CuratedClaim, local
from kg.checks.findings import Finding, Severity
from kg.checks.reading import Statement
from kg.curation.own_words import TITLED, copied_run, plain_runs, title_runs
from ontology.namespaces import KEL, PREFIXES, shorten

_KAZAKH: Final = re.compile(r"[әіңғүұқөһӘІҢҒҮҰҚӨҺ]")
_RUSSIAN_ONLY: Final = re.compile(r"[щъэЩЪЭ]")
_RUSSIAN_WORDS: Final = re.compile(
    r"\b(?:и|в|во|на|с|со|о|об|по|из|к|от|до|за|для|при|что|как|не|его|её|их|это|был[аои]?|между)\b", re.IGNORECASE
)
"""Words of Russian that Kazakh does not have."""
_CYRILLIC: Final = re.compile(r"[а-яёА-ЯЁәіңғүұқөһӘІҢҒҮҰҚӨҺ]")
_SENTENCES: Final = (str(KEL.gloss), str(KEL.note), str(KEL.confidenceReason))
_TEXTS: Final = (*_SENTENCES, LABEL)
_LABELS: Final = (LABEL, ALT_LABEL, PREFIXES["skos"] + "prefLabel")
_ALONE: Final = re.compile(
    r"(?:He|She|They|It (?!is|was|has been)|This|These|Those|His|Her|Their|Its)\b"
    r"|(?:Он|Она|Они|Это|Этот|Эта|Эти|Его|Её|Их)\b|(?:Ол|Олар|Бұл|Оның|Олардың)\b"
)
_GIVEN: Final = re.compile(r"^(?:It is|It was)\b")


def marked(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Texts whose letters are not those of the language that they are marked with."""
    for claim in claims:
        for statement in (*claim.facts, *claim.record):
            if statement.predicate in _TEXTS and (found := _mismarked(statement)):
                yield claim.error(statement.line, "language", *found)
            elif statement.predicate in _TEXTS and _without_kazakh_letters(statement):
                wrong = "A text marked @kk has no letter that only Kazakh has."
                yield claim.warning(statement.line, "language", wrong, "See whether it is Kazakh.")
    for statement in collection.reference:
        if (
            statement.file.startswith("entities/")
            and statement.predicate in _LABELS
            and (found := _mismarked(statement))
        ):
            yield Finding(statement.file, statement.line, "", "language", Severity.ERROR, *found)


def _mismarked(statement: Statement) -> tuple[str, str] | None:
    """What is wrong, and the mend; None if nothing is."""
    text, language = statement.value, statement.language
    sentence = statement.predicate in _SENTENCES
    mend = f"Write it in the language, or correct the mark @{language}."
    if language == "en" and _CYRILLIC.search(text) and len(_CYRILLIC.findall(text)) * 2 > len(text.replace(" ", "")):
        return "A text marked @en is in Cyrillic letters.", mend
    if language in {"ru", "kk"} and sentence and not _CYRILLIC.search(text):
        return f"A text marked @{language} has no Cyrillic letter.", mend
    if language == "ru" and len(_KAZAKH.findall(text)) > 2:
        return "A text marked @ru has letters that only Kazakh has.", mend
    if _without_kazakh_letters(statement) and (_RUSSIAN_ONLY.search(text) or _RUSSIAN_WORDS.search(text)):
        return "A text marked @kk has no letter that only Kazakh has.", mend
    return None


def _without_kazakh_letters(statement: Statement) -> bool:
    """Whether a longer sentence marked @kk may be Russian; a few of Kazakh, too, do without its own letters."""
    text = statement.value
    told = statement.language == "kk" and statement.predicate in _SENTENCES
    return told and len(text) > 40 and not _KAZAKH.search(text)


def alone(_: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Glosses that begin with a pronoun, and glosses that two claims of an article share word for word."""
    for claim in claims:
        for gloss in claim.of_record("gloss"):
            if _ALONE.match(gloss.value) and not _GIVEN.match(gloss.value):
                wrong = f"The gloss begins with “{gloss.value.split()[0]}”, which does not stand alone."
                yield claim.warning(gloss.line, "gloss-alone", wrong, "Name who or what is meant.")
    seen: dict[tuple[str, str], CuratedClaim] = {}
    for claim in claims:
        for gloss in claim.of_record("gloss"):
            first = seen.setdefault((claim.numbered[0], gloss.value), claim)
            if first is not claim and not _same_facts(first, claim):
                wrong = f"Its gloss is that of {first.name}, word for word."
                yield claim.error(gloss.line, "gloss-twice", wrong, "Say what this claim tells beside the other.")


def _same_facts(one: CuratedClaim, other: CuratedClaim) -> bool:
    """Whether two claims tell the same, of two passages, so that they may have one gloss."""
    first, second = ({(s.subject, s.predicate, s.value) for s in c.facts} for c in (one, other))
    return first <= second or second <= first


def three(_: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Texts that are the same in two languages, though they are whole sentences."""
    for claim in claims:
        texts: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for statement in (*claim.facts, *claim.record):
            if statement.predicate in _SENTENCES and statement.language in LANGUAGES:
                name = f"kel:{local(statement.predicate)}"
                others = texts[statement.subject, name]
                twin = next((lang for lang, text in others.items() if text == statement.value), "")
                if twin:
                    wrong = f"{name} is the same in @{twin} and @{statement.language}."
                    yield claim.error(statement.line, "language", wrong, "Write it in both languages.")
                others[statement.language] = statement.value


def own_words(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Labels, glosses and notes with a run of words from the article; labels from those whose claims use the thing."""
    titled = (iri for iri, kinds in collection.types.items() if kinds & TITLED)
    titles = title_runs(n for iri in titled for names in collection.names.get(iri, {}).values() for n in names)
    runs = {name: plain_runs(article) - titles for name, article in collection.texts.items()}
    using: dict[str, set[str]] = defaultdict(set)
    for claim in claims:
        name = claim.numbered[0]
        for iri in collection.spoken_of([claim]):
            using[iri].add(name)
        for statement in (*claim.facts, *claim.record) if name in runs else ():
            if statement.predicate in _TEXTS and (run := copied_run(statement.value, runs[name])):
                wrong = f"It copies the article: “{run}”."
                yield claim.error(statement.line, "own-words", wrong, "Say it in your own words.")
    for iri, names in using.items():
        for s in collection.described.get(iri, ()):
            found = (copied_run(s.value, runs[name]) for name in sorted(names & runs.keys()))
            if s.predicate == LABEL and (run := next(filter(None, found), "")):
                wrong = f"The label of {shorten(iri)} copies the article: “{run}”."
                yield Finding(s.file, s.line, "", "own-words", Severity.ERROR, wrong, "Say it in your own words.")
