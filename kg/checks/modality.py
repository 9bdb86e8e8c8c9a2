"""Modality against verbs: what will be is planned, what may be is possible, what was is asserted or reported."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kg.checks.collection import Collection, CuratedClaim, local
from kg.checks.findings import Finding

_TOLD_AS_FACT: Final = frozenset({"asserted", "reported"})
_AHEAD: Final = re.compile(
    r"\b(?:will(?! not)|(?:is|are) (?:also )?to\b(?! the\b)|"
    r"(?:is|are) (?:also )?(?:planned|scheduled|due)|(?:plans?|intends?) to)\b",
    re.IGNORECASE,
)
_HEDGED: Final = re.compile(
    r"\b(?:(?-i:may)|might|perhaps|possibly|not excluded|not rule out|(?:is|are) (?:un)?likely)\b", re.IGNORECASE
)
_DENIED: Final = re.compile(r"\b(?:(?<!and )not(?! excluded?\b)|never|den(?:y|ies|ied)|rules? out)\b", re.IGNORECASE)
_GUESSED: Final = re.compile(
    r"\b(?:(?-i:may)|might|perhaps|possibly|it possible|possibility|(?:most )?likely|not excluded?|expect(?:s|ed)?|"
    r"suppos\w+|believ\w+|hopes?|thinks?|to the knowledge)\b",
    re.IGNORECASE,
)
_SUBORDINATE: Final = re.compile(r"\b(?:that|which|who|whom|whose|what|if|when)\b", re.IGNORECASE)
_PLAN: Final = re.compile(
    r"\b(?:will|shall|to be|(?:is|are|was|were|has|have) to|(?<!action )plan(?:s|ned|ning)?|intend\w*|intention|ready|"
    r"soon|scheduled|due|expected|going to|agenda|prepar\w+|should|consider\w*|await\w*|upcoming|coming|set for|tasks?|"
    r"goals?|aims?|issues?|about to|would|announc\w+|forthcoming|next|until|by the end|launch\w*|measures)\b",
    re.IGNORECASE,
)
_DOUBT: Final = re.compile(
    r"\b(?:(?-i:may)|might|can|could|perhaps|possib\w+|probabl\w+|(?:un)?likely|rule[sd]? out|exclude[sd]?|admit\w*|"
    r"expect\w*|believ\w+|suggest\w*|think\w*|hope\w*|would|some information|as far as|knowledge|"
    r"suppos\w+|candidate|seem\w*|if|potential\w*|threat\w*|consider\w*|should|will|agenda|"
    r"are to|is to|cannot but|ready|sure|appears?)\b",
    re.IGNORECASE,
)
_NOT: Final = re.compile(
    r"\b(?:not|no|never|den(?:y|ies|ied|ial)|without|nothing|refus\w+|cannot|nor|neither|none|"
    r"rejects?|contrary)\b|n't\b",
    re.IGNORECASE,
)
_HAPPENING: Final = frozenset({
    "participant", "visitor", "visited", "host", "organiser", "delegate", "attendance", "inEvent", "outcomeOf",
    "atEvent",
})  # fmt: skip
_PLANNED_DATES: Final = ("plannedEarliest", "plannedLatest", "plannedEdtf")
_HELD: Final = frozenset({"status-held", "attendance-held"})


def verbs(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Claims told as facts of what is ahead or only possible; plans, guesses and denials that no verb tells."""
    for claim in claims:
        modality, gloss, line = claim.code("modality"), claim.gloss("en"), claim.line_of("modality")
        if not gloss or not modality:
            continue
        text = collection.text(claim)
        main = main_clause(gloss)
        if modality in _TOLD_AS_FACT and not _of_statement(collection, claim):
            told = {local(s.predicate) for s in claim.facts}
            if (found := _AHEAD.search(main)) or (told & _HAPPENING and (found := _only_ahead(text))):
                wrong = f"It is {modality}, and “{found[0]}” tells of what is ahead."
                yield claim.warning(line, "modality-verb", wrong, "What is to come is code:planned, or weaker.")
            elif found := _GUESSED.search(gloss):
                wrong = f"It is {modality}, and “{found[0]}” tells that it is not sure."
                yield claim.warning(line, "modality-verb", wrong, "Take code:possible or code:expected.")
            elif found := _DENIED.search(gloss):
                wrong = f"It is {modality}, and “{found[0]}” tells that it is not so."
                yield claim.warning(line, "modality-verb", wrong, "What somebody denies is code:denied.")
        elif modality == "planned":
            if found := _HEDGED.search(main):
                wrong = f"It is planned, and “{found[0]}” tells that it is not sure."
                yield claim.warning(line, "modality-verb", wrong, "Take code:possible or code:expected.")
            elif not _PLAN.search(gloss) and not _PLAN.search(text):
                wrong = "It is planned, and neither gloss nor passage has a word of what is ahead."
                yield claim.warning(
                    line, "modality-verb", wrong, "What is or was is code:asserted, or code:reported of others."
                )
        elif modality in {"possible", "expected"} and not _DOUBT.search(gloss) and not _DOUBT.search(text):
            wrong = f"It is {modality}, and neither gloss nor passage has a word of doubt."
            yield claim.warning(line, "modality-verb", wrong, "Take the modality that the words tell.")
        elif modality == "denied" and not _NOT.search(gloss):
            wrong = "It is denied, and the gloss has no word of denial."
            yield claim.warning(line, "modality-verb", wrong, "The gloss says who says that it is not so.")


def main_clause(gloss: str) -> str:
    """The gloss up to its first subordinate clause, in which other verbs may stand."""
    found = _SUBORDINATE.search(gloss)
    return gloss[: found.start()] if found else gloss


def _only_ahead(text: str) -> re.Match[str] | None:
    """A verb of what is ahead in a text without any of what is past."""
    past = re.search(r"\b(?:was|were|had|has|have|\w+ed|met|held|took|made|became|said|told)\b", text)
    return None if past else _AHEAD.search(text)


def _of_statement(collection: Collection, claim: CuratedClaim) -> bool:
    return any("Statement" in collection.types.get(s, ()) for s in claim.subjects)


def marks(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Facts that mark a plan in a claim that is told as a fact, and facts of the past in one that is planned."""
    for claim in claims:
        modality = claim.code("modality")
        planned = next((s for name in _PLANNED_DATES for s in claim.told(name)), None)
        if planned and modality in _TOLD_AS_FACT:
            wrong = f"It has a planned date, and is {modality}."
            yield claim.error(claim.line_of("modality"), "modality-facts", wrong, "A plan is code:planned, or weaker.")
        status = [s for name in ("status", "attendance") for s in claim.told(name)]
        for statement in status:
            code = local(statement.value)
            event = "Event" in collection.types.get(statement.subject, ())
            if code == "attendance-announced" and modality in _TOLD_AS_FACT:
                wrong = f"A presence that is only announced is {modality}."
                yield claim.error(
                    claim.line_of("modality"), "modality-facts", wrong, "An announced presence is code:planned."
                )
            elif code == "status-planned" and event and modality == "asserted":
                wrong = "An event that is only planned is asserted."
                yield claim.error(
                    claim.line_of("modality"), "modality-facts", wrong, "A plan is code:planned, or weaker."
                )
            elif code in _HELD and modality == "planned":
                wrong = f"A claim that is planned has code:{code}."
                yield claim.error(
                    statement.line, "modality-facts", wrong, "Take code:status-planned, or the modality of what was."
                )
            elif (
                code in _HELD and modality in _TOLD_AS_FACT and (found := _AHEAD.search(main_clause(claim.gloss("en"))))
            ):
                wrong = f"It has code:{code}, and “{found[0]}” tells of what is ahead."
                yield claim.warning(statement.line, "modality-verb", wrong, "Correct the one that is wrong.")
            elif code == "status-planned" and event and (ahead := _past(claim.gloss("en"))):
                wrong = f"It has code:status-planned, and “{ahead}” tells that it was held."
                yield claim.warning(
                    statement.line, "modality-verb", wrong, "Take code:status-held, or correct the gloss."
                )
        if modality == "planned":
            for statement in claim.told("earliest"):
                wrong = "A claim that is planned has kel:earliest, the date of what happened."
                yield claim.error(
                    statement.line,
                    "modality-facts",
                    wrong,
                    "Take kel:plannedEarliest, kel:plannedLatest, kel:plannedEdtf.",
                )


def _past(gloss: str) -> str:
    found = re.search(r"\b(?:took place|was held|were held|was opened|met)\b", main_clause(gloss))
    return found[0] if found else ""
