"""Prints conflicts on the terminal: who says which, and why it may be no conflict."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from kg.conflicts.model import Conflict
from kg.language.messages import Translate
from kg.views.conflicts import ConflictNotes, value_iri


def render(found: Sequence[Conflict], notes: ConflictNotes, translate: Translate = str) -> Group:
    """Each conflict with its sides, their claims, and its caveats, for rich."""
    return Group(*(part for each in found for part in _parts(each, notes, translate)))


def _parts(each: Conflict, notes: ConflictNotes, translate: Translate) -> Iterator[RenderableType]:
    about = ", ".join(str(notes.name(iri)) for iri in each.about)
    yield Text(f"{notes.kind(each)}: {about}", "bold")
    yield Padding(Text(each.iri, "dim"), (0, 0, 0, 2))
    for letter, side in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", each.sides, strict=False):
        values = ", ".join(str(notes.name(iri)) if (iri := value_iri(v)) else v.value for v in side.values)
        printed = ", ".join(sorted({notes.printed[iri] for iri in side.things if iri in notes.printed}))
        yield Padding(Text(f"{letter}. {values}" + (f" ({printed})" if printed else "")), (0, 0, 0, 2))
        for note in notes.told(side):
            paragraph = translate("paragraph %(number)s") % {"number": note.paragraph}
            source = f"{note.speaker_label}, {note.modality_label}, {note.article_label}, {paragraph}"
            yield Padding(
                Text.assemble(note.gloss, " ", (f"({source}; {note.claim.rpartition('/')[2]})", "dim")), (0, 0, 0, 5)
            )
    if each.caveats:
        yield Padding(Text(translate("Why it may be no conflict") + ":", "italic"), (0, 0, 0, 2))
    for name in each.ordered_caveats:
        yield Padding(Text(f"- {notes.reason(name)}"), (0, 0, 0, 4))
    yield Text("")
