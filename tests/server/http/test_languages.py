"""The language of a page: negotiation, cookie and headers; and the completeness of the message catalogues."""

import html
import re
import tomllib
from functools import cache
from importlib.resources import files

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask

from server.http import wording
from server.http.languages import LANGUAGES
from tests.conftest import ROOT
from tests.http import BROWSER, send
from tests.wording import between, month, number, on

TRANSLATED = [code for code in LANGUAGES if code != "en"]
SOME = "/states?page=1&text=%D0%B0+%26b"


def language_of(server: str, path: str = "", **headers: str) -> str:
    """The language of a page, by its ``lang`` attribute and its Content-Language header."""
    status, given, body = send(f"{server}{path}", headers={"Accept": BROWSER, **headers})
    assert status == 200
    element = re.search(r'<html lang="(\w+)"', body.decode())
    assert element
    assert given["Content-Language"] == element[1]
    assert {"Accept-Language", "Cookie"} <= {v.strip() for v in given["Vary"].split(",")}
    return element[1]


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "en"),
        ("kk", "kk"),
        ("kk-KZ, ru;q=0.8, en;q=0.5", "kk"),
        ("ru-RU", "ru"),
        ("de, ru;q=0.4, en;q=0.2", "ru"),
        ("de", "en"),
        ("*", "en"),
        ("nonsense;;q=x", "en"),
    ],
)
def test_browsers_say_which_language(server: str, accepted: str, expected: str) -> None:
    assert language_of(server, **{"Accept-Language": accepted}) == expected


def test_a_chosen_language_is_remembered(server: str) -> None:
    _, headers, _ = send(f"{server}about?lang=kk", headers={"Accept-Language": "ru"})
    cookie = headers["Set-Cookie"]
    assert cookie.startswith("lang=kk;")
    assert "SameSite=Lax" in cookie
    assert language_of(server, "about", **{"Accept-Language": "ru", "Cookie": "lang=kk"}) == "kk"
    assert language_of(server, "about?lang=en", **{"Accept-Language": "ru", "Cookie": "lang=kk"}) == "en"


def test_unknown_languages_are_ignored(server: str) -> None:
    _, headers, body = send(f"{server}about?lang=tlh", headers={"Accept-Language": "ru", "Cookie": "lang=xx"})
    assert "Set-Cookie" not in headers
    assert b'<html lang="ru"' in body


@pytest.mark.parametrize("path", ["", "about", "sources"])
def test_pages_are_translated(server: str, path: str) -> None:
    seen = {code: send(f"{server}{path}?lang={code}")[2].decode() for code in LANGUAGES}
    titles = {re.search(r"<title>(.*?)</title>", text)[1] for text in seen.values()}  # type: ignore[index]
    assert len(titles) == len(LANGUAGES)
    assert "Государства" in seen["ru"]
    assert "Мемлекеттер" in seen["kk"]


def test_the_switch_stays_on_the_page(server: str) -> None:
    _, _, body = send(server.rstrip("/") + SOME + "&lang=ru")
    alternates = re.findall(r'<link rel="alternate" hreflang="(\w+)" href="([^"]+)"', body.decode())
    assert [code for code, _ in alternates] == list(LANGUAGES)
    for code, address in alternates:
        assert html.unescape(address) == f"{SOME.removeprefix('/states')}&lang={code}"
    for name in LANGUAGES.values():
        assert f">{name}<" in body.decode()


@pytest.mark.parametrize(("code", "title"), [("en", "Not found"), ("ru", "Не найдено"), ("kk", "Табылмады")])
def test_errors_are_in_the_language_of_the_request(server: str, code: str, title: str) -> None:
    status, _, body = send(f"{server}nowhere", headers={"Accept": BROWSER, "Accept-Language": code})
    assert status == 404
    assert f"<h1>{title}</h1>" in body.decode()
    assert 'action="/search"' in body.decode()


@cache
def messages() -> frozenset[str | tuple[str, ...]]:
    """The messages of code and templates, extracted with the mapping of ``make messages``."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    methods = [(m["pattern"], m["method"]) for m in mappings]
    options = {m["pattern"]: {k: v for k, v in m.items() if k not in {"pattern", "method"}} for m in mappings}
    keywords = {
        **DEFAULT_KEYWORDS,
        "translate": None,
        "gettext_noop": None,
        "syntax_error": None,
        "say": None,
        "LensError": None,
    }
    found = extract_from_dir(ROOT, methods, options, keywords)
    return frozenset(text for _, _, text, _, _ in found)


def catalogue(code: str) -> Catalog:
    with files("server").joinpath("locale", f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


@pytest.mark.parametrize("code", TRANSLATED)
def test_catalogues_are_current(code: str) -> None:
    """If this fails, run ``make messages``."""
    held = {m.id for m in catalogue(code) if m.id}
    assert len(messages()) > 50
    assert messages() - held == set(), "say something that the catalogue lacks"
    assert held - messages() == set(), "are in the catalogue and said nowhere"


@pytest.mark.parametrize("code", TRANSLATED)
def test_catalogues_are_complete(code: str) -> None:
    for entry in catalogue(code):
        if entry.id:
            forms = [str(f or "") for f in (entry.string if isinstance(entry.string, tuple) else (entry.string,))]
            assert all(forms), f"{code} has no words for {entry.id!r}"
            assert not entry.fuzzy, entry.id
            assert list(entry.check()) == [], entry.id
            singular = str(entry.id[-1] if isinstance(entry.id, tuple) else entry.id)
            for form in forms:
                assert placeholders(form) == placeholders(singular), (code, form)
                assert tags(form) == tags(singular), (code, form)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|\{\w*\}", text))


def tags(text: str) -> list[str]:
    return sorted(re.findall(r"<[^>]+>", text))


LAST_MONTH = between("9999-12-01", "9999-12-31")
"""The day after it is beyond `date.max`."""


@pytest.mark.parametrize(
    ("code", "first", "last", "expected"),
    [
        ("en", "2024-11-27", "", on("2024-11-27")),
        ("ru", "2024-11-27", "", on("2024-11-27", "ru")),
        ("kk", "2024-11-27", "", on("2024-11-27", "kk")),
        ("en", "2024-11-27", "2024-11-28", between("2024-11-27", "2024-11-28")),
        ("en", "2024-01-01", "2024-12-31", "2024"),
        ("en", "2023-01-01", "2024-12-31", between("2023-01-01", "2024-12-31", "y")),
        ("en", "2024-01-01", "2024-09-30", between("2024-01-01", "2024-09-30", "yMMMM")),
        ("ru", "2023-11-01", "2023-11-30", month("2023-11-01", "ru")),
        ("en", "-0044-03-15", "", "-0044-03-15"),
        ("en", "2023-02-30", "", "2023-02-30"),
        ("en", "9999-12-01", "9999-12-31", LAST_MONTH),
    ],
)
def test_days_are_formatted_in_the_language(code: str, first: str, last: str, expected: str) -> None:
    with Flask("server").test_request_context(f"/?lang={code}"):
        assert wording.day(first, last) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2023", "2023"),
        ("2023-10", month("2023-10-01")),
        ("2024-02", month("2024-02-01")),
        ("2024-11-21", on("2024-11-21")),
        ("2025/2026", between("2025-01-01", "2026-12-31", "y")),
        ("2024-01/2024-09", between("2024-01-01", "2024-09-30", "yMMMM")),
        ("2024-12-30/2025-01-02", between("2024-12-30", "2025-01-02")),
        ("[2024-11-25..2024-11-27]", "[2024-11-25..2024-11-27]"),
        ("[..2024-11-21]", f"not after {on('2024-11-21')}"),
        ("[..2024-11]", f"not after {on('2024-11-30')}"),
        ("[2024-11..]", f"not before {on('2024-11-01')}"),
        ("[..soon]", "[..soon]"),
        ("2013~", "2013~"),
        ("2024-13", "2024-13"),
        ("0000-02", "0000-02"),
        ("9999-12", LAST_MONTH),
        ("soon", "soon"),
    ],
)
def test_edtf_keeps_its_precision(value: str, expected: str) -> None:
    with Flask("server").test_request_context("/?lang=en"):
        assert wording.edtf(value) == expected


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("en", 28400000000, number(28400000000, "#,##0", "en_GB")),
        ("ru", 14671, number(14671, "#,##0", "ru")),
        ("kk", "0.10", number("0.10", "#,##0.00", "kk")),
        ("en", "1234.5678901", number("1234.5678901", "#,##0.0000000", "en_GB")),
        ("en", "over 5", "over 5"),
        ("en", "NaN", "NaN"),
    ],
)
def test_numbers_keep_their_digits(code: str, value: int | str, expected: str) -> None:
    with Flask("server").test_request_context(f"/?lang={code}"):
        assert wording.number(value) == expected
        assert re.sub(r"\D", "", wording.number(value)) == re.sub(r"\D", "", str(value))
