"""``/page/ns``: the documentation of the ontology, with an anchor for each term, since their IRIs end in ``#Term``."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, render_template

from kg.language.labels import Label
from kg.publishing.citing import cite
from kg.views.vocabulary import Term, code_lists, ontology_terms
from ontology import ONTOLOGY_IRI
from ontology.namespaces import KEL, shorten
from server.http.languages import language
from server.http.site import Site

_QUERY: Final = """\
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>

SELECT ?term ?label ?definition WHERE {
  ?term rdfs:isDefinedBy <https://w3id.org/kelisim/ns> ; rdfs:label ?label ; skos:definition ?definition .
  FILTER(LANG(?label) = "en" && LANG(?definition) = "en")
} ORDER BY ?term LIMIT 500"""


def blueprint(site: Site) -> Blueprint:
    """The documentation of the ontology, in the language of the request."""
    routes = Blueprint("ontology", __name__)

    @routes.get("/page/ns")
    def ontology() -> str:
        """All terms: definitions, hierarchy, domains and ranges, examples, change notes; and the lists of codes."""
        terms = ontology_terms()
        by_iri = {term.iri: term for term in terms}
        classes = [term for term in terms if term.kind == "class"]
        return render_template(
            "pages/ontology.html",
            ontology=by_iri[ONTOLOGY_IRI],
            classes=classes,
            properties=[term for term in terms if term.kind == "property"],
            trees=_roots(classes),
            lists=code_lists(),
            below=_below(terms),
            of_class=_by_class(terms),
            called=lambda iri: by_iri[iri].text("rdfs:label", language()) if iri in by_iri else Label(shorten(iri)),
            shorten=shorten,
            citation=cite(
                str(by_iri[ONTOLOGY_IRI].text("dcterms:title", "en")),
                ONTOLOGY_IRI,
                site.version,
                about=site.about,
            ),
            query=_QUERY,
        )

    return routes


def _roots(classes: list[Term]) -> list[Term]:
    """The classes without a superclass in the ontology."""
    return [term for term in classes if not any(above.startswith(str(KEL)) for above in term.iris("rdfs:subClassOf"))]


def _below(terms: Sequence[Term]) -> dict[str, list[Term]]:
    """The direct subclasses and subproperties of each term."""
    found: dict[str, list[Term]] = {}
    for term in terms:
        for above in (*term.iris("rdfs:subClassOf"), *term.iris("rdfs:subPropertyOf")):
            found.setdefault(above, []).append(term)
    return found


def _by_class(terms: Sequence[Term]) -> dict[str, list[Term]]:
    """The properties by their domain."""
    found: dict[str, list[Term]] = {}
    for term in terms:
        for domain in term.iris("rdfs:domain"):
            found.setdefault(domain, []).append(term)
    return found
