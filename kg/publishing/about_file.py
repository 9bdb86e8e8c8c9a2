"""Reads the operator's description of a dataset from a file; what it lacks is told before anything is served."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.publishing.about import CONTACT, DCAT, LICENSE, PUBLISHER, RELATIVE, SH, TITLE, About
from kg.rdf.loading import read_quads
from kg.store.reader import node
from ontology import PREFIXES, KelisimError
from ontology.namespaces import RDF_TYPE

_DATASETS: Final = frozenset({DCAT + "Dataset", PREFIXES["void"] + "Dataset"})
_MOST_BYTES: Final = 1 << 22
_NODES: Final = f"{RELATIVE}catalogue#node-"
_NO_TEXT: Final = {
    LICENSE: ("licence", "its address, such as dcterms:license <https://creativecommons.org/licenses/by/4.0/>."),
    PUBLISHER: ("publisher", 'a node with a name, such as dcterms:publisher [ foaf:name "…" ].'),
    CONTACT: ("contact point", "a node with an address, such as dcat:contactPoint [ vcard:hasEmail <mailto:…> ]."),
}
"""Properties whose values are no text (DCAT 3, section 6.4), and what is written instead."""

_EXAMPLE: Final = '<https://example.org/data> a dcat:Dataset ; dcterms:title "What it is called"@en .'

# SPARQL 1.1 Query, section 19.8, rules 167 and 168, without the rarest letters.
_PREFIX: Final = re.compile(r"[^\W\d_](?:[\w.-]*[\w-])?|")

Node = ox.NamedNode | ox.BlankNode
_Values = dict[tuple[Node, str], list[Any]]


def read_about(path: Path, fallback: str = "Dataset") -> About:
    """The description in a file, in any RDF format that can be loaded.

    It has one ``dcat:Dataset`` (or ``void:Dataset``) with a ``dcterms:title``. Relative IRIs are relative to the URL of
    the server, so that ``<>`` is the dataset that it serves. Raises KelisimError, which says where what is wrong.
    """
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise KelisimError(f"{path} has more than {_MOST_BYTES >> 20} MiB: it is no description of a dataset.")
    try:
        triples = list(dict.fromkeys(quad.triple for quad in read_quads([path], base=RELATIVE)))
    except KelisimError as error:
        raise KelisimError(f"The description of the data cannot be read. {error}") from error
    values: _Values = defaultdict(list)
    for triple in triples:
        if not isinstance(triple.subject, ox.Triple):
            values[triple.subject, triple.predicate.value].append(triple.object)
    subject = _dataset(path, triples)
    if not any(isinstance(t, ox.Literal) and t.value.strip() for t in values[subject, TITLE]):
        raise KelisimError(
            f'{_place(path, subject)}: the dataset has no title. Give it one, such as dcterms:title "Weather"@en.'
        )
    for name, (noun, instead) in _NO_TEXT.items():
        for term in values[subject, name]:
            if isinstance(term, ox.Literal):
                raise KelisimError(f"{_place(path, term)}: the {noun} is a text, {term.value[:60]!r}. Give {instead}")
    names = _names(triples, subject)
    named = (ox.Triple(names.get(t.subject, t.subject), t.predicate, names.get(t.object, t.object)) for t in triples)
    return About(tuple(named), names.get(subject, subject), fallback, prefixes=_prefixes(path, values))


def _names(triples: list[ox.Triple], subject: Any) -> dict[Any, Any]:
    """Relative IRIs for the blank nodes, in the order of the file (RDF 1.1, section 3.5); ``<>`` for the dataset."""
    nodes = (term for t in triples for term in (t.subject, t.object) if isinstance(term, ox.BlankNode))
    others = (node for node in dict.fromkeys(nodes) if node != subject)
    names = {node: ox.NamedNode(f"{_NODES}{n}") for n, node in enumerate(others, 1)}
    return names | ({subject: ox.NamedNode(RELATIVE)} if isinstance(subject, ox.BlankNode) else {})


def _dataset(path: Path, triples: list[ox.Triple]) -> Node:
    found = {
        t.subject: None
        for t in triples
        if t.predicate.value == RDF_TYPE and isinstance(t.object, ox.NamedNode) and t.object.value in _DATASETS
    }
    datasets = [each for each in found if not isinstance(each, ox.Triple)]
    if not datasets:
        raise KelisimError(f"{path} describes no dataset: nothing in it is a dcat:Dataset. Write: {_EXAMPLE}")
    if len(datasets) > 1:
        named = "; ".join(f"{_written(each)} ({_place(path, each)})" for each in datasets[:5])
        raise KelisimError(f"{path} describes {len(datasets)} datasets: {named}. Leave the one that is served.")
    return datasets[0]


def _prefixes(path: Path, values: _Values) -> dict[str, str]:
    """The namespaces by prefix of the nodes that ``sh:declare`` names (SHACL, section 5.2.1)."""
    found: dict[str, str] = {}
    declared = [each for (_, name), terms in values.items() if name == SH + "declare" for each in terms]
    for each in dict.fromkeys(declared):
        names, spaces = values.get((each, SH + "prefix"), []), values.get((each, SH + "namespace"), [])
        if len(names) != 1 or len(spaces) != 1:
            raise KelisimError(
                f"{path}: each sh:declare has one sh:prefix and one sh:namespace, such as "
                'sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/"^^xsd:anyURI ].'
            )
        (prefix,), (space,) = (term.value for term in names), (term.value for term in spaces)
        if not _PREFIX.fullmatch(prefix):
            raise KelisimError(f"{_place(path, names[0])}: {prefix!r} is no prefix; it is letters, digits and hyphens.")
        try:
            node(space)
        except KelisimError as error:
            raise KelisimError(
                f"{_place(path, spaces[0])}: the namespace of {prefix!r}, {space!r}, is no absolute IRI."
            ) from error
        if found.setdefault(prefix, space) != space:
            raise KelisimError(
                f"{_place(path, names[0])}: {prefix!r} is declared twice, as {found[prefix]} and {space}."
            )
    return found


def _written(term: Any) -> str:
    if isinstance(term, ox.BlankNode):
        return "one without an IRI"
    return f"<{term.value.removeprefix(RELATIVE)}>"


def _place(path: Path, term: Any) -> str:
    """The file, with the first line that has the term's text in it, if that is found there."""
    if isinstance(term, ox.BlankNode):
        return str(path)
    wanted = term.value.removeprefix(RELATIVE).encode()
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return str(path)
    number = next((n for n, line in enumerate(lines, 1) if wanted and wanted in line), 0)
    return f"{path}, line {number}" if number else str(path)
