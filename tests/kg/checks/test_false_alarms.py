"""What is right though it looks wrong, and what looks like it and is wrong."""

from pathlib import Path

import pytest

from kg.checks import attribution, figures, languages, sentences
from kg.checks.collection import Collection, collect
from kg.checks.findings import Finding, Severity
from kg.curation.sources import ArticleText
from ontology.namespaces import PREFIXES

TEXT = (
    "Trade reached 3.4 billion dollars in 2031. This year it came to more than 2.1 billion.\n"
    "Deliveries could rise to between 6 and 7 billion by 2036, in 6 years.\n"
    "Sales were 5 billion.\n"
    '"We have moved to pipes and valves," Halder told reporters in Karstad last week.\n'
    "Growth is 6-7 billion.\n"
)
HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
SOURCE = "src:x1 a kel:Article ; dcterms:publisher id:paper .\n"


def one(passage: str, facts: str, record: str = "") -> Collection:
    claim = (
        f"claim:x1-p1-1 {{ id:obs a kel:Observation {facts} . }}\n"
        f"claim:x1-p1-1 a kel:Claim ; kel:passage src:x1-{passage} ; kel:speaker id:paper ;\n"
        f"  kel:modality code:asserted {record} .\n"
    )
    text = ArticleText(Path("x1.txt"), TEXT, "")
    return collect({"sources.ttl": HEAD + SOURCE, "claims/x1.trig": HEAD + claim}, {"x1": text})


@pytest.mark.parametrize(
    ("passage", "written", "told"),
    [("p1-s1-2", "2.1 billion", []), ("p1-s2", "2.1 billion", []), ("p3-s1", "5 billion", ["unit-as-written"])],
)
def test_a_unit_that_the_paragraph_tells(passage: str, written: str, told: list[str]) -> None:
    found = one(passage, f'; kel:unit unit:CCY_USD ; kel:asWritten "{written}"')
    assert [f.rule for f in figures.units(found, found.claims)] == told


@pytest.mark.parametrize(
    ("passage", "written", "value", "right"),
    [
        ("p2-s1", "6", "6000000000", True),
        ("p2-s1", "6", "6", True),  # of the years, too
        ("p5-s1", "6", "6", False),
        ("p5-s1", "6", "6000000000", True),
        ("p5-s1", "6", "6000000", False),
        ("p5-s1", "7 billion", "7000000000", True),
    ],
)
def test_the_lower_end_of_a_range(passage: str, written: str, value: str, right: bool) -> None:
    found = one(passage, f'; kel:value {value} ; kel:asWritten "{written}"')
    assert (not [*figures.values(found, found.claims)]) == right


@pytest.mark.parametrize(
    ("gloss", "severity"),
    [
        ("Сауда министрлер арасында талас тудырмады деп жазады газет.", Severity.WARNING),
        ("План действий двух стран рассчитан на несколько лет включительно.", Severity.ERROR),
    ],
)
def test_kazakh_without_its_own_letters(gloss: str, severity: Severity) -> None:
    found = one("p1-s1", "", f'; kel:gloss "{gloss}"@kk')
    assert [f.severity for f in languages.marked(found, found.claims)] == [severity]


@pytest.mark.parametrize(
    ("gloss", "told"),
    [
        ("Halder spoke with reporters in Karstad in the week before.", 0),
        ("The two sides have moved on to pipes and valves.", 1),
    ],
)
def test_the_articles_own_words_around_a_quotation(gloss: str, told: int) -> None:
    found = one("p4-s1", "", f'; kel:gloss "{gloss}"@en')
    assert len([*attribution.quoted(found, found.claims)]) == told


@pytest.mark.parametrize("passage", ["p1-s0-1", "p1-s3", "p1-s2-9"])
def test_sentences_that_are_not_there(passage: str) -> None:
    found = one(passage, "")
    assert not [*sentences.sentences(found, found.claims)]


def test_that_a_finding_ends_with_one_full_stop() -> None:
    found = Finding("claims/x1.trig", 1, "", "rule", Severity.ERROR, "It quotes words..", "See [2024..]...")
    assert (found.wrong, found.mend) == ("It quotes words.", "See [2024..]...")
