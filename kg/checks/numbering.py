"""Names and order: claims numbered without gaps in reading order, under the heading of their paragraph."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from kg.checks.collection import Collection, CuratedClaim
from kg.checks.findings import Finding, Severity
from kg.curation.marks import MARK
from ontology.namespaces import CLAIM


def numbers(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Gaps in the numbers of a paragraph's claims, and claims that stand before those they follow."""
    wanted = {c.name for c in claims}
    paragraphs: dict[tuple[str, str, int], list[CuratedClaim]] = defaultdict(list)
    for claim in collection.claims:
        article, paragraph, number = claim.numbered
        if number:
            paragraphs[claim.file, article, paragraph].append(claim)
    withdrawn = {name for file in collection.files for name in file.withdrawn}
    for group in paragraphs.values():
        before = 0
        for claim in group:
            number, stem = claim.numbered[2], claim.name.rpartition("-")[0]
            due = next(n for n in range(before + 1, before + 2 + len(withdrawn)) if f"{stem}-{n}" not in withdrawn)
            if number != due and claim.name in wanted:
                wrong = (
                    f"It follows number {before} of its paragraph." if before else "It is the first of its paragraph."
                )
                mend = f"Name it {stem}-{due}: claims are counted without gaps (# Withdrawn: {stem}-{due} tells one)."
                yield claim.error(claim.line, "numbering", wrong, mend)
            before = number


def order(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Paragraphs that stand in another order than in the article."""
    last: dict[str, CuratedClaim] = {}
    wanted = {c.name for c in claims}
    for claim in collection.claims:
        before = last.get(claim.file)
        if before and claim.numbered[0] == before.numbered[0] and claim.numbered[1] < before.numbered[1]:
            if claim.name in wanted:
                wrong = f"It stands after {before.name}, of a later paragraph."
                yield claim.error(claim.line, "order", wrong, "Move it to the claims of its paragraph.")
        elif claim.numbered[2]:
            last[claim.file] = claim


def headings(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Paragraphs without their comment, and claims below the comment of another."""
    opened = {f.name: f.headings for f in collection.files}
    told = set()
    for claim in claims:
        _, paragraph, number = claim.numbered
        if not number or (claim.file, paragraph) in told:
            continue
        above = [n for n, line in opened.get(claim.file, ()) if line < claim.line]
        if not above or above[-1] != paragraph:
            told.add((claim.file, paragraph))
            wrong = f"It stands below # Paragraph {above[-1]}." if above else "No comment opens its paragraph."
            yield claim.error(claim.line, "heading", wrong, f"Write # Paragraph {paragraph} above its first claim.")


def names(_: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Claims named for another article or paragraph than their passage, or for another file."""
    for claim in claims:
        article, paragraph, number = claim.numbered
        stem = claim.file.rpartition("/")[2].partition(".")[0]
        if not number:
            wrong = "Its name is not that of a claim."
            yield claim.error(claim.line, "claim-name", wrong, "Name it claim:ARTICLE-pPARAGRAPH-NUMBER.")
            continue
        if article != stem:
            wrong = f"It is named for the article {article} in the file of {stem}."
            yield claim.error(claim.line, "claim-name", wrong, "Rename it, or move it.")
        if claim.passage and (claim.passage.article, claim.passage.paragraph) != (article, paragraph):
            wrong = f"It is named for another paragraph than its passage {claim.passage.name}."
            yield claim.error(claim.line_of("passage"), "claim-name", wrong, "Correct the one that is wrong.")


def records(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Graphs without a record. (A record without a graph is told where the files are parsed.)"""
    for claim in claims:
        if not claim.record:
            wrong = "It has a graph of facts and no record."
            yield claim.error(
                claim.line,
                "no-record",
                wrong,
                "Write claim:… a kel:Claim with its passage, speaker, modality, glosses.",
            )


def marks(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Open marks: what a script proposed and nobody has judged yet."""
    wanted = {c.file for c in claims}
    for file in collection.files:
        if file.name.startswith("claims/") and file.name not in wanted:
            continue
        for line, words in file.marks:
            before = [name for name, at in file.graphs.items() if at <= line]
            claim = before[-1].removeprefix(str(CLAIM)) if before and not words.startswith(MARK) else ""
            mend = "Correct it or delete it, and delete its mark."
            yield Finding(file.name, line, claim, "open-mark", Severity.ERROR, f"A proposal is open: {words}.", mend)
