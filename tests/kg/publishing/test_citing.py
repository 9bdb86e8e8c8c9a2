"""Citations: each format holds the version, its date and its digest, and is well-formed."""

import json
import re
from datetime import date

from kg.history.timeline import Version
from kg.publishing.about import About
from kg.publishing.citing import answer_title, cite

VERSION = Version(7, "2024-11-28T10:00:00Z", "d" * 64, author="someone")
DAY = date(2025, 1, 2)


def test_every_format_names_the_version() -> None:
    for about in (About(ours=True), About(fallback="Lakes")):
        found = cite(
            "A {thing} & 100 %", "https://example.org/q?a={b}&version=7", VERSION, "a source", about=about, today=DAY
        )
        for text in (found.text, found.bibtex, found.csl, found.ris):
            assert "data version 7 of 2024-11-28" in text
            assert "d" * 64 in text
            assert "a source" in text
        assert found.bibtex.count("{") == found.bibtex.count("}")
        assert "\\char38{}" in found.bibtex
        (item,) = json.loads(found.csl)
        assert item["issued"] == {"date-parts": [[2024, 11, 28]]}
        assert item["accessed"] == {"date-parts": [[2025, 1, 2]]}
        assert ("author" in item) is about.ours, "where nobody is given, nobody is named"
        assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in found.ris.splitlines())
        assert "someone" not in found.text + found.bibtex + found.csl + found.ris


def test_a_build_is_cited_by_the_digest_that_stats_prints() -> None:
    build = Version(0, "2024-11-28", "d" * 64, "5" * 64)
    text = cite("Kelisim", "https://example.org/", build, about=About(ours=True), today=DAY).text
    assert "5" * 64 in text
    assert "d" * 64 not in text


def test_the_title_of_an_answer() -> None:
    query = "PREFIX a: <urn:a#>\nprefix : <urn:b>  SELECT ?v\n{ ?v a:b '…' }"
    assert answer_title(query) == "Answer to the SPARQL query “SELECT ?v { ?v a:b '…' }”"
    assert len(answer_title("x" * 1000)) < 250
