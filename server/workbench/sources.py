"""The source text of one claim, taken out of its file and put back as it was typed."""

from dataclasses import replace

import pyoxigraph as ox

from kg.curation.curated import Claim, read_claims
from kg.curation.writing import ClaimName, ClaimsFile
from ontology import PREFIXES, KelisimError
from ontology.namespaces import CLAIM, RDF_TYPE


def source_of(file: ClaimsFile, name: str) -> str:
    """The text of a claim: its graph and its record."""
    return "\n".join(file.text[place.start : place.end] for place in file.of(str(CLAIM) + name))


def with_source(file: ClaimsFile, name: str, source: str) -> ClaimsFile:
    """The file with a text in the place of a claim's, or at the place of a new one.

    Raises KelisimError, with the line in the text, if it is not just that claim.
    """
    text = "\n".join(line.rstrip() for line in source.strip().splitlines())
    declared = "".join(f"@prefix {p}: <{iri}> . " for p, iri in {**PREFIXES, **file.prefixes}.items())
    claims, others = read_claims(declared + text, "The text")
    if [c.name for c in claims] != [name] or others:
        raise KelisimError(f"The text must hold the claim {name} and nothing else: its graph, then its record.")
    if name not in file.claims:
        ClaimName.parse(name)
        file = file.add(claims[0])
    first, *rest = file.of(str(CLAIM) + name)
    names = file.names()
    for iri in _iris(claims[0]):
        names.iri(iri)
    alone = file.cut(rest)
    return replace(alone, text=alone.text[: first.start] + text + alone.text[first.end :]).with_prefixes(names.used)


def _iris(claim: Claim) -> list[str]:
    triples = [*claim.facts, *(t for ts in claim.record.values() for t in ts)]
    terms = [x for t in triples for x in (t.subject, t.predicate, t.object) if getattr(x, "value", "") != RDF_TYPE]
    datatypes = [x.datatype for x in terms if isinstance(x, ox.Literal) and not x.language]
    return [x.value for x in (*terms, *datatypes) if isinstance(x, ox.NamedNode)]
