"""Queries to begin with where nothing is known of the data."""

from typing import Final

from kg.language.messages import gettext_noop
from server.http.languages import translate
from server.http.site import Site

_STARTERS: Final = {
    gettext_noop("The first triples"): """\
SELECT ?subject ?property ?value ?graph WHERE {
  { ?subject ?property ?value }
  UNION
  { GRAPH ?graph { ?subject ?property ?value } }
} LIMIT 100
""",
    gettext_noop("The classes, and how many things each has"): """\
SELECT ?class (COUNT(DISTINCT ?thing) AS ?things) WHERE {
  { ?thing a ?class }
  UNION
  { GRAPH ?graph { ?thing a ?class } }
} GROUP BY ?class ORDER BY DESC(?things) LIMIT 100
""",
    gettext_noop("The properties of things of each class"): """\
# Of the first 100,000 statements of a class; raise the inner LIMIT for more.
SELECT ?class ?property (COUNT(*) AS ?statements) (SAMPLE(?value) AS ?example) WHERE {
  { SELECT ?class ?property ?value WHERE { ?thing a ?class ; ?property ?value } LIMIT 100000 }
} GROUP BY ?class ?property ORDER BY ?class DESC(?statements) LIMIT 500
""",
    gettext_noop("The named graphs, and how many triples each has"): """\
SELECT ?graph (COUNT(*) AS ?statements) WHERE {
  GRAPH ?graph { ?subject ?property ?value }
} GROUP BY ?graph ORDER BY DESC(?statements) LIMIT 100
""",
}


def starters(site: Site) -> dict[str, str]:
    """The queries by title in the language of the page; each declares the prefixes that the operator gives."""
    given = site.given.prefixes if site.given else {}
    declared = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in given.items())
    return {translate(title): declared + query for title, query in _STARTERS.items()}
