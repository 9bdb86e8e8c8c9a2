"""The order of the stages in the life of a document, a project, a facility or a route."""

from typing import Final

from ontology.namespaces import CODE

LIFECYCLE: Final = tuple(
    str(CODE[f"stage-{name}"])
    for name in (
        "presented",
        "proposed",
        "considered",
        "negotiated",
        "agreed",
        "prepared",
        "decision-planned",
        "adoption-planned",
        "signature-planned",
        "adopted",
        "signed",
        "exchanged",
        "founded",
        "extension-planned",
        "extended",
        "tender-planned",
        "supplier-choice",
        "construction-planned",
        "under-construction",
        "launch-preparation",
        "opening-planned",
        "opened",
    )
)
"""All codes of stages in order; there is none for entry into force."""


def rank(stage: str) -> int:
    """The index of a stage in `LIFECYCLE`, -1 if it is not in there."""
    return LIFECYCLE.index(stage) if stage in LIFECYCLE else -1
