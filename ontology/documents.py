"""Generates the reference part of ``README.md`` and ``context.jsonld`` from the ontology.

``python -m ontology.documents`` writes both files; a test checks that they are current.
"""

import json
from importlib import resources
from pathlib import Path
from typing import Any, Final

from rdflib import OWL, RDF, RDFS, SKOS, XSD, Graph, URIRef
from rdflib.namespace import split_uri

from ontology.namespaces import KEL, PREFIXES, shorten
from ontology.terms import read_graph

MARK: Final = "<!-- From here on written by `python -m ontology.documents`. -->\n"


def readme(graph: Graph, text: str) -> str:
    """`text` with everything after the mark generated from the graph: diagram, classes, properties, codes."""
    introduction, _, _ = text.partition(MARK)
    parts = [diagram(graph), _classes(graph), _properties(graph), _codes(graph)]
    return introduction + MARK + "\n" + "\n".join(parts)


def diagram(graph: Graph) -> str:
    """The classes, their superclasses, and the properties between them, as a Mermaid class diagram."""
    lines = ["## The classes", "", "```mermaid", "classDiagram", "    direction LR"]
    classes = _terms(graph, OWL.Class)
    lines += [f"    class {_local(cls)}" for cls in classes]
    for cls in classes:
        supers = sorted(s for s in graph.objects(cls, RDFS.subClassOf) if isinstance(s, URIRef))
        lines += [f"    {_node(graph, above)} <|-- {_local(cls)}" for above in supers]
    for prop in _terms(graph, OWL.ObjectProperty):
        domain, range_ = graph.value(prop, RDFS.domain), graph.value(prop, RDFS.range)
        if isinstance(domain, URIRef) and isinstance(range_, URIRef) and str(range_).startswith(str(KEL)):
            lines.append(f"    {_local(domain)} --> {_local(range_)} : {_local(prop)}")
    return "\n".join([*lines, "```", ""])


def _classes(graph: Graph) -> str:
    rows = [
        f"| `{_curie(graph, c)}` | {', '.join(_curies(graph, c, RDFS.subClassOf))} "
        f"| {_text(graph, c, SKOS.definition)} |"
        for c in _terms(graph, OWL.Class)
    ]
    return "\n".join(["| class | below | definition |", "|---|---|---|", *rows, ""])


def _properties(graph: Graph) -> str:
    head = [
        "## The properties",
        "",
        "| property | of | value | below | definition | example |",
        "|---|---|---|---|---|---|",
    ]
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
    rows = [
        f"| `{_curie(graph, p)}` | {', '.join(_curies(graph, p, RDFS.domain))} "
        f"| {', '.join(_curies(graph, p, RDFS.range))} | {', '.join(_curies(graph, p, RDFS.subPropertyOf))} "
        f"| {_text(graph, p, SKOS.definition)} | `{graph.value(p, SKOS.example)}` |"
        for p in sorted({p for kind in kinds for p in _terms(graph, kind)})
    ]
    return "\n".join([*head, *rows, ""])


def _codes(graph: Graph) -> str:
    lines = ["## The codes", ""]
    for scheme in sorted(map(str, graph.subjects(RDF.type, SKOS.ConceptScheme))):
        lines += [f"### {_text(graph, scheme, SKOS.prefLabel)} (`{_curie(graph, scheme)}`)", ""]
        lines += [_text(graph, scheme, SKOS.definition), "", "| code | meaning |", "|---|---|"]
        members = sorted(map(str, graph.subjects(SKOS.inScheme, URIRef(scheme))))
        lines += [f"| `{_curie(graph, m)}` | {_text(graph, m, SKOS.definition)} |" for m in members]
        lines.append("")
    return "\n".join(lines)


def context(graph: Graph) -> str:
    """The JSON-LD 1.1 context: the prefixes, and the properties by local name with their type coercion."""
    terms: dict[str, Any] = {"@version": 1.1, **PREFIXES}  # a property replaces a prefix of the same name
    for kind in (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty):
        for prop in _terms(graph, kind):
            range_ = graph.value(prop, RDFS.range)
            entry = {"@id": str(prop)}
            if kind == OWL.ObjectProperty:
                entry["@type"] = "@id"
            elif prop.endswith(("edtf", "Edtf")):
                entry["@type"] = PREFIXES["edtf"] + "edtf"
            elif range_ == XSD.date:
                entry["@type"] = str(XSD.date)
            terms[_local(prop)] = entry
    for name, curie in {"label": "rdfs:label", "altLabel": "skos:altLabel", "source": "dcterms:source"}.items():
        terms[name] = {"@id": curie}
    return json.dumps({"@context": terms}, indent=2, ensure_ascii=False) + "\n"


def _terms(graph: Graph, kind: URIRef) -> list[URIRef]:
    found = (s for s in graph.subjects(RDF.type, kind) if isinstance(s, URIRef))
    return sorted(s for s in found if str(s).startswith(str(KEL)))


def _local(iri: URIRef) -> str:
    return split_uri(iri)[1]


def _node(graph: Graph, iri: URIRef) -> str:
    return _local(iri) if str(iri).startswith(str(KEL)) else _curie(graph, iri).replace(":", "_")


def _curie(graph: Graph, iri: str) -> str:
    short = shorten(iri)
    return short if short != iri else graph.namespace_manager.curie(URIRef(iri))


def _curies(graph: Graph, subject: URIRef, predicate: URIRef) -> list[str]:
    return [
        f"`{_curie(graph, o)}`" for o in sorted(o for o in graph.objects(subject, predicate) if isinstance(o, URIRef))
    ]


def _text(graph: Graph, subject: str, predicate: URIRef) -> str:
    texts = {getattr(o, "language", None): str(o) for o in graph.objects(URIRef(subject), predicate)}
    return texts.get("en", "")


def main() -> None:
    """Writes both files in the source tree."""
    graph = read_graph()
    folder = Path(str(resources.files("ontology")))
    page = folder / "README.md"
    page.write_text(readme(graph, page.read_text(encoding="utf-8")), encoding="utf-8")
    (folder / "context.jsonld").write_text(context(graph), encoding="utf-8")


if __name__ == "__main__":
    main()
