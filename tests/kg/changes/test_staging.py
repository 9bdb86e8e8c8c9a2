"""Changes that are refused before they touch a store."""

import pytest

from kg.changes.staging import Change, DocumentError, stage
from kg.engine.engine import Engine, OperationError
from ontology import KelisimError
from ontology.namespaces import EVERYTHING

QUADS = f"<urn:a> <urn:p> <urn:b> <{EVERYTHING}> .\n".encode()
TRIPLES = b"<urn:a> <urn:p> <urn:b> .\n"


@pytest.mark.parametrize(
    ("change", "documents"),
    [
        (Change("replace", graph=EVERYTHING, syntaxes=("ntriples",)), [TRIPLES]),
        (Change("add", graph=EVERYTHING, syntaxes=("ntriples",)), [TRIPLES]),
        (Change("add", dataset=True, syntaxes=("nquads",)), [QUADS]),
        (Change("update", f"INSERT DATA {{ GRAPH <{EVERYTHING}> {{ <urn:a> <urn:p> 1 }} }}"), []),
        (Change("update", f"INSERT {{ ?s <urn:q> ?o }} USING <{EVERYTHING}> WHERE {{ ?s ?p ?o }}"), []),
        (Change("update", f"WITH <{EVERYTHING}> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}"), []),
        (Change("update", f"COPY DEFAULT TO <{EVERYTHING}>"), []),
        (Change("update", f"INSERT DATA {{ <urn:x> <urn:p> 2 }} ; MOVE <urn:g> TO <{EVERYTHING}>"), []),
    ],
)
def test_nothing_is_written_to_the_dataset_of_everything(change: Change, documents: list[bytes]) -> None:
    engine = Engine([])
    stage(engine, Change("add", graph="urn:g", syntaxes=("ntriples",)), [TRIPLES])
    before = set(engine.quads())
    with pytest.raises(KelisimError, match="dataset for queries") as raised:
        stage(engine, change, documents)
    assert isinstance(raised.value, DocumentError | OperationError)
    assert change.kind == "update" or set(engine.quads()) == before
