"""The names that a package gives: its own begin with the package's name, so that nobody else's are the same.

All graphs of Kelisim share its namespaces, as pages, lenses and queries know things by them. Of shipped names none has
an underscore, and a package's name is its own; a thing that two graphs declare is an error (`kg.checks.duplicates`).
"""

from collections.abc import Iterator

from kg.checks.collection import Collection, local
from kg.checks.findings import Finding, Severity
from kg.checks.reading import Statement
from kg.curation.curated import SHIPPED_FILES
from kg.curation.manifest import Manifest
from ontology.namespaces import ID, KEL, RDF_TYPE, SRC, shorten


def misnamed(collection: Collection, manifest: Manifest) -> Iterator[Finding]:
    """Things and articles of a package's own whose names do not begin as the package's should."""
    reference, claims = collection.reference, collection.claims
    typed = [("", s) for s in reference if s.predicate == RDF_TYPE]
    typed += [(c.name, s) for c in claims for s in c.facts if s.predicate == RDF_TYPE]
    told = {s.subject for _, s in typed if s.file.startswith(SHIPPED_FILES)}
    for claim, s in typed:
        begins = _begins(s, manifest)
        if s.subject not in told and begins and not local(s.subject).startswith(begins):
            wrong = f"{shorten(s.subject)} is a name that another graph could give too."
            mend = f"Begin it with {begins}, as {manifest.name} is the name of this package."
            yield Finding(s.file, s.subject_line, claim, "package-name", Severity.WARNING, wrong, mend)
        told.add(s.subject)


def _begins(typed: Statement, manifest: Manifest) -> str:
    """What the name of the thing is to begin with; empty if it may begin with anything."""
    if typed.subject.startswith(str(ID)):
        return manifest.prefix
    return manifest.name if typed.subject.startswith(str(SRC)) and typed.value == str(KEL.Article) else ""
