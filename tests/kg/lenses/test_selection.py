"""Which claims a lens selects, by SPARQL that any engine can answer, and what is told of names that none has."""

import pytest

from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.lenses.names import LensError, parse
from kg.lenses.selection import Rows, Select, check, claims, dates, values
from ontology import KelisimError
from ontology.namespaces import CLAIM, MODALITIES


@pytest.fixture(scope="module")
def select(engine: Engine) -> Select:
    """By the engine's public interface, as one elsewhere would be asked: rows as lists of plain values."""

    def selected(query: str) -> Rows:
        answer = engine.query(query)
        (form,) = (f for f in answer.formats if f.name == "csv")
        return [row.split(",") for row in answer.serialize(form).decode().splitlines()[1:]]

    return selected


def test_parts_select_together(select: Select, dataset: Dataset) -> None:
    everything = {c for c in dataset.named_graphs if c.startswith(str(CLAIM))}
    assert {*claims(parse("everything"), select)} == everything
    of_2023 = {*claims(parse("as-of/2023-12-31"), select)}
    assert of_2023 == {*claims(parse("source/mp23"), select)} == {c for c in everything if "/mp23-" in c}
    assert {*claims(parse("as-of/2023-11-29"), select)} == set()
    by_modality = [{*claims(parse(f"modality/{m}"), select)} for m in MODALITIES]
    assert set.union(*by_modality) == everything
    assert sum(map(len, by_modality)) == len(everything)
    both = {*claims(parse("as-of/2023-12-31/modality/reported"), select)}
    assert both == of_2023 & by_modality[1]
    assert both


def test_what_may_be_chosen(select: Select) -> None:
    assert values("source", select) == ["izv24", "mp23"]
    assert values("modality", select) == [*MODALITIES]
    assert "vladimir-putin" in values("speaker", select)
    assert dates(select) == ["2023-11-30", "2024-11-27"]


@pytest.mark.parametrize(
    ("path", "similar"),
    [
        ("speaker/vladimir-poutine", "vladimir-putin"),
        ("speaker/putin", "vladimir-putin"),
        ("source/izv-24", "izv24"),
        ("modality/expect", "expected"),
        ("as-of/2023-12-31/speaker/kazakhstan", "speaker “kazakhstan”"),
    ],
)
def test_names_that_no_claim_has_are_told_with_similar_ones(path: str, similar: str, select: Select) -> None:
    with pytest.raises(LensError, match=similar):
        claims(parse(path), select)


@pytest.mark.parametrize(
    "path", ["as-of/1900-01-01", "modality/denied/speaker/france", "as-of/2023-12-31/source/izv24"]
)
def test_a_lens_may_select_nothing(path: str, select: Select) -> None:
    assert claims(parse(path), select) == []
    check(parse(path), select)


def test_what_cannot_be_in_a_name_is_refused(select: Select) -> None:
    for value in ("a>b", "a b", "{x}", "%3E%20%7B"):
        with pytest.raises(KelisimError, match="is no name"):
            claims(parse(f"speaker/{value}"), select)
