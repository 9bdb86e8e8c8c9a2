"""The languages of the pages: language negotiation, and translation of messages."""

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
"""Language codes (BCP 47) and native names; the first is the source language of the messages."""

PARAMETER: Final = "lang"
"""The name of the query parameter and of the cookie that select a language."""

_YEAR_SECONDS: Final = 31_536_000


def register(app: Flask) -> None:
    """Registers ``_()`` and ``ngettext()`` (Jinja's i18n extension) and ``language()`` for templates."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: _translations(language()).ugettext(message),
        lambda one, many, count: _translations(language()).ungettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.policies["ext.i18n.trimmed"] = True  # messages may span several lines of a template
    app.jinja_env.globals.update(language=language, LANGUAGES=LANGUAGES)
    app.after_request(_set_language)


def language() -> str:
    """The language of this request."""
    found: str | None = g.get("language")
    if found is None:
        found = g.language = language_of(request)
    return found


def language_of(request: Request) -> str:
    """The language of a request: by ``?lang=``, else the cookie, else Accept-Language, else English."""
    # Of a tag such as kk-KZ only the primary subtag counts; werkzeug's own matching would prefer a plain ru to kk-KZ.
    accepted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality)
    candidates = (request.args.get(PARAMETER, ""), request.cookies.get(PARAMETER, ""), *accepted)
    return next((code for code in candidates if code in LANGUAGES), next(iter(LANGUAGES)))


def translate(message: str) -> str:
    """Translates an English message into the language of this request, for code outside templates."""
    return _translations(language()).ugettext(message)


def translator(code: str) -> Callable[[str], str]:
    """The translation function for a language, for use outside requests, such as on the terminal."""
    return _translations(code).ugettext


@cache
def _translations(code: str) -> NullTranslations:
    """The message catalogue of a language, compiled from its .po file in memory."""
    catalogue = files("server").joinpath("locale", f"{code}.po")
    if not catalogue.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with catalogue.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Translations(compiled)


def _set_language(response: Response) -> Response:
    """Adds the language headers, and a cookie if the request selected a language."""
    if "language" in g:
        response.vary.update(("Accept-Language", "Cookie"))
        response.headers["Content-Language"] = language()
        if request.args.get(PARAMETER) in LANGUAGES:
            response.set_cookie(PARAMETER, language(), _YEAR_SECONDS, samesite="Lax", httponly=True)
    return response
