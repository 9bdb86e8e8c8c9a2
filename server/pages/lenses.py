"""``/lenses``: the lenses through which queries may look, and ``/lenses/…``: one of them."""

from flask import Blueprint, Response, redirect, render_template, request

from kg.lenses.names import KINDS, Lens, LensError
from kg.views.lenses import count, narrower, wider
from server.http.languages import language
from server.http.lenses import EVERYTHING, lens_at, no_such, title
from server.http.site import Site


def blueprint(site: Site) -> Blueprint:
    """The pages of the lenses over a site's store."""
    routes = Blueprint("lenses", __name__)

    @routes.get("/lenses")
    def every() -> str | Response:
        """All lenses by one thing, and a form that makes others; what it sends is led to the lens's page."""
        if given := {kind: request.args[kind] for kind in KINDS if request.args.get(kind)}:
            path = "/".join(f"{kind}/{value}" for kind, value in given.items())
            lens = lens_at(path + "/everything" * ("everything" in request.args))
            return redirect(f"/lenses/{lens.path}", 303)  # type: ignore[return-value]
        if "everything" in request.args:
            return redirect(f"/lenses/{EVERYTHING.path}", 303)  # type: ignore[return-value]
        return render_template("pages/lenses.html", all=_named(site, EVERYTHING), claims=count(site.reader, EVERYTHING))

    @routes.get("/lenses/<path:path>")
    def one(path: str) -> str | Response:
        """What a lens is, how many claims it selects, a query to begin with, and lenses that narrow or widen it."""
        lens = lens_at(path)
        try:
            claims = count(site.reader, lens)
        except LensError as error:
            raise no_such(error) from error
        if lens.path != path:
            return redirect(f"/lenses/{lens.path}", 301)  # type: ignore[return-value]
        return render_template(
            "pages/lens.html",
            lens=lens,
            title=title(site, lens),
            claims=claims,
            query=_query(lens),
            narrower=narrower(site.reader, lens, language()) if claims else {},
            wider=[_named(site, each) for each in wider(lens)],
            everything_too=_named(site, _with_everything(lens)) if not lens.shows_all else None,
        )

    return routes


def _with_everything(lens: Lens) -> Lens:
    return Lens(lens.as_of, lens.source, lens.speaker, lens.modality, everything=True)


def _named(site: Site, lens: Lens) -> tuple[Lens, str]:
    return lens, title(site, lens)


def _query(lens: Lens) -> str:
    """A query to begin with: what the claims say in words."""
    return (
        "PREFIX kel: <https://w3id.org/kelisim/ns#>\n"
        "SELECT ?claim ?speaker ?modality ?gloss\n"
        f"FROM <{lens.iri}>\n"
        "WHERE {\n"
        "  ?claim kel:speaker ?speaker ; kel:modality ?modality ; kel:gloss ?gloss .\n"
        f'  FILTER(lang(?gloss) = "{language()}")\n'
        "} LIMIT 100"
    )
