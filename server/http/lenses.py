"""What lenses are called on pages and in RDF, and which of them forms offer."""

from functools import lru_cache

from flask import Flask

from kg.lenses.names import Kind, Lens, LensError, is_lens, parse
from kg.views.lenses import Choice, in_words, names, narrower
from server.http.errors import ProblemError
from server.http.languages import LANGUAGES, language, translate, translator
from server.http.site import Site
from server.http.wording import day

OFFERED = 25
"""The most lenses of a kind that a form offers."""

EVERYTHING = Lens(everything=True)


def register(app: Flask, site: Site) -> None:
    """Registers for templates: ``lenses_offered()``, the choices by kind, in which a store without claims has none."""

    @lru_cache(maxsize=8)
    def offered(_version: str, code: str) -> dict[Kind, list[Choice]]:
        return narrower(site.reader, Lens(), code, OFFERED)

    app.jinja_env.globals.update(lenses_offered=lambda: offered(site.store.version, language()))


def lens_at(path: str) -> Lens:
    """The lens of a path below ``/lens/``; raises a 404 ProblemError if that names none."""
    try:
        return parse(path)
    except LensError as error:
        raise no_such(error) from error


def no_such(error: LensError) -> ProblemError:
    """The 404 for a name that names no lens."""
    return ProblemError(404, "Not found", error.template, None, **error.values)


def chosen(graphs: list[str]) -> str:
    """The lens that a request asks through, as its IRI, if its default graphs are one; else empty."""
    return graphs[0] if len(graphs) == 1 and is_lens(graphs[0]) else ""


def title(site: Site, lens: Lens) -> str:
    """What a lens is, in the words of this request's language."""
    called = {kind: str(label) for kind, label in names(site.reader, lens, language()).items()}
    if lens.as_of:
        called["as-of"] = day(lens.as_of)
    return in_words(lens, called, translate)


def titles(site: Site, lens: Lens) -> dict[str, str]:
    """The same in all languages, with dates as they are."""
    return {code: in_words(lens, names(site.reader, lens, code), translator(code)) for code in LANGUAGES}
