"""Puts edits of a file on top of what another has written into it in the meantime, claim by claim."""

from kg.curation.writing import ClaimsFile, ThingsFile
from ontology import KelisimError
from server.workbench.sources import source_of, with_source

Left = list[tuple[str, str]]
"""What could not be put on top: names with their sources."""


def merged(path: str, base: str, mine: str, theirs: str) -> tuple[str, Left]:
    """Their text with my edits of the base; what both have changed keeps their words, and mine are left over."""
    if theirs == base:
        return mine, []
    if mine in {base, theirs}:
        return theirs, []
    return (_claims if path.startswith("claims/") else _things)(path, base, mine, theirs)


def _claims(path: str, base: str, mine: str, theirs: str) -> tuple[str, Left]:
    before, wanted, result = (ClaimsFile.read(text, path) for text in (base, mine, theirs))
    left = []
    for name in dict.fromkeys((*wanted.claims, *before.claims)):
        old, new, now = (source_of(f, name) if name in f.claims else None for f in (before, wanted, result))
        if new in {old, now}:
            continue
        if now != old:
            left.append((name, new or ""))
            continue
        try:
            if new is None:
                result = result.remove(name, withdrawn=f"# Withdrawn: {name}" in mine)
            else:
                result = with_source(result, name, new)
        except KelisimError:  # its name was withdrawn, or a prefix is gone
            left.append((name, new or ""))
    return result.text, left


def _things(path: str, base: str, mine: str, theirs: str) -> tuple[str, Left]:
    before, wanted, result = (ThingsFile.read(text, path) for text in (base, mine, theirs))
    left = []
    for iri, triples in wanted.things.items():
        if {*triples} == {*before.things.get(iri, ())} or {*triples} == {*result.things.get(iri, ())}:
            continue
        try:
            result = result.replace(iri, triples) if iri in before.things else result.add(iri, triples)
        except KelisimError:
            left.append((iri, "\n".join(f"{t} ." for t in triples)))
    return result.text, left
