"""What lenses are called: parts in any order, one canonical name, and why a name is none."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.lenses.names import LENSES, Lens, LensError, is_lens, parse
from ontology.namespaces import EVERYTHING

PARTS = ("everything", "as-of/2023-12-31", "source/izv24", "speaker/vladimir-putin")


def test_parts_stand_in_any_order_and_links_have_one() -> None:
    lenses = {parse("/".join(order)) for order in permutations(PARTS)}
    assert lenses == {Lens("2023-12-31", "izv24", "vladimir-putin", everything=True)}
    assert lenses.pop().path == "/".join(PARTS)


SLUGS = st.text(min_size=1).filter(lambda text: text.isprintable())


@given(st.sampled_from(["", "2024-02-29"]), st.just("") | SLUGS, st.just("") | SLUGS, st.booleans())
def test_a_name_is_read_as_it_was_written(as_of: str, source: str, speaker: str, everything: bool) -> None:
    lens = Lens(as_of, source, speaker, "", everything)
    if lens.path:
        assert parse(lens.path) == parse(lens.iri) == lens
        assert is_lens(lens.iri)


def test_everything_is_a_lens_and_adds_nothing_to_a_modality() -> None:
    assert parse(EVERYTHING) == Lens(everything=True)
    assert parse("modality/denied").shows_all
    assert parse("everything/modality/denied").path == "modality/denied"
    assert not parse("speaker/x").shows_all


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "cannot be read at “”"),
        ("nothing", "cannot be read at “nothing”"),
        ("as-of/2023-12-31/", "cannot be read at “”"),
        ("everything/everything", "two parts of the kind everything"),
        ("source/a/speaker/b/source/c", "two parts of the kind source"),
        ("as-of/2023-12-31/as-of/2024-12-31", "of two dates the earlier is enough"),
        ("speaker", "lacks what comes after speaker, such as speaker/"),
        ("as-of/", "lacks what comes after as-of, such as as-of/2023-12-31"),
        ("as-of/2023", "“2023” is no date"),
        ("as-of/2023-02-29", "“2023-02-29” is no date"),
        ("as-of/20231231", "is no date"),
        ("as-of/yesterday", "write a day of the calendar as YYYY-MM-DD"),
        ("Everything", "cannot be read"),
    ],
)
def test_what_names_no_lens_is_told_why(path: str, reason: str) -> None:
    for name in (path, LENSES + path):
        with pytest.raises(LensError, match=reason):
            parse(name)
