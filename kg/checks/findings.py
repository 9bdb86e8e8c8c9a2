"""What a check finds: where, in which claim, what is wrong, how to mend it, and how sure it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process


class Severity(StrEnum):
    """An error is against the rules of the handbook; a warning is a place to look at again, and may be right."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Finding:
    """One thing found in the curated files.

    file: the path below the folder of the data, such as ``claims/mp23.trig``. line: counted from 1. claim: its local
    name, or empty. rule: the name of the check. wrong: what is wrong. mend: what to do about it. Both are sentences.
    """

    file: str
    line: int
    claim: str
    rule: str
    severity: Severity
    wrong: str
    mend: str

    def __post_init__(self) -> None:
        """Ends both with one full stop, where what they quote at their end has one already."""
        for name, text in (("wrong", self.wrong), ("mend", self.mend)):
            if text.endswith("..") and not text.endswith("..."):
                object.__setattr__(self, name, text[:-1])

    def __str__(self) -> str:
        claim = f"claim {self.claim}: " if self.claim else ""
        return f"{self.file}:{self.line}: {self.severity}: {claim}{self.wrong} {self.mend} [{self.rule}]"

    def as_json(self) -> dict[str, str | int]:
        """The finding as JSON values."""
        return {**vars(self), "severity": str(self.severity)}


def similar(name: str, names: Iterable[str]) -> str:
    """The one of the names that is spelt most like a name, if it is like enough; else empty."""
    found = process.extractOne(name, sorted(names), scorer=fuzz.ratio, score_cutoff=75)
    return found[0] if found else ""


def did_you_mean(name: str, names: Iterable[str], otherwise: str) -> str:
    """A mend that names the most similar of the names, or says something else where none is similar."""
    found = similar(name, names)
    return f"Did you mean {found}?" if found else otherwise
