"""What is inferred follows a change over HTTP; README's example runs, and goes again without a trace."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ontology import PREFIXES
from tests.conftest import ROOT, serving
from tests.http import send
from tests.server.endpoint.test_writes import Client, make_token

(EXAMPLE,) = re.findall(r"```sparql-update\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
HEAD = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}> " for prefix in ("kel", "id", "code", "claim", "src"))
CLAIM = f"<{PREFIXES['claim']}izv24-p36-99>"
FACT = f"<{PREFIXES['id']}csto-summit-astana-2024> <{PREFIXES['kel']}participant> <{PREFIXES['id']}russia>"
ABOUT = f"{CLAIM} <{PREFIXES['kel']}about> <{PREFIXES['id']}russia>"


@pytest.fixture
def curated(kelisim: str, tmp_path: Path) -> Iterator[Client]:
    folder = tmp_path / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--allow-updates") as running:
        yield Client(running, token)


def dump(client: Client) -> set[bytes]:
    return set(send(f"{client.server}data/dump.nq")[2].splitlines())


def test_a_claim_brings_what_follows_from_it_and_takes_it_along(curated: Client) -> None:
    before = dump(curated)
    assert curated.rows(FACT) == 0
    assert curated.update(HEAD + EXAMPLE)[0] in (200, 204)
    assert curated.rows(FACT) == 1, "its fact is in the default graph"
    assert curated.rows(f"GRAPH <https://w3id.org/kelisim/graph/inferred> {{ {ABOUT} }} {ABOUT}") == 1
    status, _, page = send(f"{curated.server}why?s=id:csto-summit-astana-2024&p=kel:participant&o=id:russia")
    assert status == 200
    assert b"izv24-p36-99" in page
    assert curated.update(f"DROP GRAPH {CLAIM} ; DELETE WHERE {{ {CLAIM} ?p ?o }}")[0] in (200, 204)
    assert dump(curated) == before


def test_what_is_no_longer_told_surely_leaves_the_default_graph(curated: Client) -> None:
    assert curated.update(HEAD + EXAMPLE)[0] in (200, 204)
    hedged = f"DELETE {{ {CLAIM} kel:modality ?m }} INSERT {{ {CLAIM} kel:modality code:possible }}"
    assert curated.update(f"{HEAD} {hedged} WHERE {{ {CLAIM} kel:modality ?m }}")[0] in (200, 204)
    assert curated.rows(FACT) == 0
    assert curated.rows(f"GRAPH {CLAIM} {{ {FACT} }}") == 1
    assert curated.rows(ABOUT) == 1


def test_the_shapes_see_what_is_told_and_not_what_is_inferred(curated: Client) -> None:
    """As in the curated files, a class must be given, although it follows."""
    fact = "id:stage-npp-decision-planned kel:refArea id:russia"
    status, report = curated.update(
        HEAD + EXAMPLE.replace("id:csto-summit-astana-2024 kel:participant id:russia", fact)
    )
    assert status == 422
    assert b"is not a kel:Observation" in report
    assert curated.rows(f"{CLAIM} ?p ?o") == 0
