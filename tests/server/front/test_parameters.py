"""Parameters of query strings and forms, compared with the standard library's parser."""

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.front.parameters import parameters_named, parameters_of


@given(st.text(st.sampled_from("aZ9%+&=;?/ é€%%26+\r\n")))
@example("%zz&%4&%&a=%&=b&&a")
@example("a=%\n%41&b=%\r%41\n&c=%\r\n")
@example("a=%%&b=%41%&c==%3d=%")
@example("query=a%2Bb+c%20d%C3%A9&query=%e2%82%aC")
def test_the_same_is_read_as_by_the_standard_library(text: str) -> None:
    try:
        expected = parse_qs(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(ValueError, match=r"utf-8|UTF-8"):
            parameters_of(text)
    else:
        assert parameters_of(text) == expected


@given(st.lists(st.tuples(st.text(), st.text())))
def test_what_is_written_is_read(pairs: list[tuple[str, str]]) -> None:
    pairs = [(a.encode("utf-8", "replace").decode(), b.encode("utf-8", "replace").decode()) for a, b in pairs]
    expected = dict[str, list[str]]()
    for name, value in pairs:
        expected.setdefault(name, []).append(value)
    assert parameters_of(urlencode(pairs)) == expected


@given(st.text(st.sampled_from("abA%61&=+")), st.frozensets(st.sampled_from(["a", "b", "aa", ""])))
def test_what_is_kept_of_an_address_has_the_same_values(text: str, names: frozenset[str]) -> None:
    try:
        expected = {name: values for name, values in parameters_of(text).items() if name in names}
    except UnicodeDecodeError:
        assert parameters_named((), text) == "&".join(filter(malformed, text.split("&"))), "what cannot be read is kept"
    else:
        assert parameters_of(parameters_named(names, text)) == expected


def malformed(pair: str) -> bool:
    """Whether the name of a parameter is no UTF-8."""
    try:
        parameters_of(pair.partition("=")[0])
    except UnicodeDecodeError:
        return True
    return False
