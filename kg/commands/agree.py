"""What ``kelisim agree`` prints of two curations, as lines of text."""

from collections.abc import Iterator
from typing import Any, Final

Record = dict[str, Any]

SORTS: Final = {
    "only-a": "only in A",
    "only-b": "only in B",
    "changed": "told otherwise",
    "split": "one claim in A, several in B",
    "merged": "several claims in A, one in B",
}
_CLAIMS: Final = {
    "aligned": "both have a claim on it",
    "sameFact": "both tell the same fact",
    "identical": "both tell it alike in all",
}
_ALPHAS: Final = {
    "speaker": "speaker",
    "modality": "modality",
    "kind": "kind (class)",
    "code": "kind (code)",
    "passages": "passages",
    "passagesByKind": "passages, by kind",
}


def render(found: Record) -> Iterator[str]:
    """The lines that tell a comparison, given as `kg.agreement.description.describe` does."""
    for line in _lines(found):  # without what a terminal would obey
        yield "".join(character for character in line if character.isprintable())


def _lines(found: Record) -> Iterator[str]:
    yield from _measures(found)
    yield ""
    yield f"Differences: {len(found['differences'])}"
    for difference in found["differences"]:
        yield ""
        yield f"{difference['number']}. {SORTS[difference['sort']]}"
        yield from _claims(difference)
        yield from aspects(difference)
    if found["names"]:
        yield ""
        yield "Things that only have other names (no difference):"
        yield from (f"  {n['a']['value']}  in B {n['b']['value']}  {n['a']['label']}" for n in found["names"])


def _measures(found: Record) -> Iterator[str]:
    measures = found["measures"]
    for name in ("a", "b"):
        yield f"{name.upper()}: {found[name]['path']}, {found[name]['claims']} claims"
    yield f"Article{'s' * (len(found['articles']) != 1)}: {', '.join(found['articles'])}"
    if found["leftOut"]:
        yield f"Not compared, because only one side curates it: {', '.join(found['leftOut'])} (--article NAME does)."
    yield ""
    yield f"{'Claims':<26}{'number':>8}{'of A':>8}{'of B':>8}{'F1':>8}"
    for key, words in _CLAIMS.items():
        row = measures["claims"][key]
        yield f"{words:<26}{row['matched']:>8}" + "".join(f"{_number(row[n]):>8}" for n in ("inA", "inB", "f1"))
    yield ""
    yield "Krippendorff's alpha"
    for key, words in _ALPHAS.items():
        row = measures["alpha"][key]
        units = f"{row['units']} {'units' if key.startswith('passages') else 'pairs'}"
        value = _number(row["value"]) if row["value"] is not None else f"not defined: {undefined(row)}"
        yield f"{words:<26}{value:>8}  ({units})"
    if not measures["allSentences"]:
        yield (
            f"Passages are measured over the {measures['sentences']} sentences up to the last that either side names "
            "in each paragraph: --articles DIR counts all, where it holds the texts with the SHA-256 in sources.ttl."
        )


def undefined(alpha: Record) -> str:
    """Why an alpha is not defined."""
    return "nothing to compare" if not alpha["units"] else "nothing varies"


def _number(value: float | None) -> str:
    """Two decimals, which never show as 1.00 what is less."""
    if value is None:
        return "-"
    return "0.99+" if 0.995 <= value < 1 else f"{value:.2f}"


def _claims(difference: Record) -> Iterator[str]:
    for side in ("a", "b"):
        for claim in difference[side]:
            who = ", ".join(v["label"] for v in claim["speaker"])
            how = ", ".join(v["label"] for v in claim["modality"])
            yield f"  {side.upper()}  {claim['place']}: {claim['claim']} ({who}, {how})"
            if claim["gloss"]:
                yield f"     {claim['gloss']}"


def aspects(difference: Record) -> Iterator[str]:
    """A line for each property in which the claims of a difference differ."""
    for aspect in difference["aspects"]:
        label = aspect["label"] if aspect["property"] else "about"
        words = aspect["aspect"] if label == aspect["aspect"] else f"{aspect['aspect']}, {label}"
        yield f"     {words}: A {_values(aspect['a'])}; B {_values(aspect['b'])}"


def _values(values: list[Record]) -> str:
    return ", ".join(v["label"] if v["label"] == v["value"] else f"{v['label']} ({v['value']})" for v in values) or "-"
