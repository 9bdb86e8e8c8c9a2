"""The languages of the pages: which one a request gets, and the messages in it."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, g, request
from werkzeug.wrappers import Request

LANGUAGES: Final = {"en": "English", "ru": "Русский", "kk": "Қазақша"}
"""Codes (BCP 47) and the languages' own names; the first is the one that messages are written in."""

PARAMETER: Final = "lang"
"""The query parameter, and the cookie, that choose a language."""

_YEAR_SECONDS: Final = 31_536_000


def register(app: Flask) -> None:
    """Gives templates ``_()`` and ``ngettext()`` (Jinja's i18n extension), and ``language()``."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: _translations(language()).ugettext(message),
        lambda one, many, count: _translations(language()).ungettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.policies["ext.i18n.trimmed"] = True  # a message may go over several lines of a template
    app.jinja_env.globals.update(language=language, LANGUAGES=LANGUAGES)
    app.after_request(_remember)


def language() -> str:
    """The language of this request."""
    if "language" not in g:
        g.language = language_of(request)
    return str(g.language)


def language_of(asked: Request) -> str:
    """The language that a request asks for: by ``?lang=``, else the cookie, else Accept-Language, else English."""
    # Of a tag such as kk-KZ the language alone counts; werkzeug's own choice would pass kk-KZ over for a plain ru.
    accepted = (tag.partition("-")[0].lower() for tag, quality in asked.accept_languages if quality)
    chosen = (asked.args.get(PARAMETER, ""), asked.cookies.get(PARAMETER, ""), *accepted)
    return next((code for code in chosen if code in LANGUAGES), next(iter(LANGUAGES)))


def translate(message: str) -> str:
    """An English message of ours in the language of this request, for code that has no template."""
    return _translations(language()).ugettext(message)


def translator(code: str) -> Callable[[str], str]:
    """What `translate` does, for one of our languages and outside requests, such as on the terminal."""
    return _translations(code).ugettext


@cache
def _translations(code: str) -> NullTranslations:
    """The catalogue of a language, read from its .po file: there is nothing to compile."""
    catalogue = files("server").joinpath("locale", f"{code}.po")
    if not catalogue.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with catalogue.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Translations(compiled)


def _remember(response: Response) -> Response:
    if "language" in g:
        response.vary.update(("Accept-Language", "Cookie"))
        response.headers["Content-Language"] = language()
        if request.args.get(PARAMETER) in LANGUAGES:
            response.set_cookie(PARAMETER, language(), _YEAR_SECONDS, samesite="Lax", httponly=True)
    return response
