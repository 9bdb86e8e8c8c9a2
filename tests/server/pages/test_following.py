"""Pages that offer what the whole store has: they follow changes."""

import json
from pathlib import Path

from ontology.namespaces import ID, KEL
from tests.conftest import serving
from tests.http import BROWSER, ask, send
from tests.server.endpoint.test_writes import Client, make_token

FIGURE = f"""
PREFIX kel: <{KEL}>
SELECT ?claim ?figure ?state WHERE {{
  ?claim kel:modality ?mode . GRAPH ?claim {{ ?figure a kel:Observation ; kel:refArea ?area }}
  ?state a kel:State FILTER NOT EXISTS {{ GRAPH ?c {{ ?o kel:refArea|kel:counterpartArea ?state }} }}
}} LIMIT 1
"""
"""A figure in a claim, and a state of which there are no figures."""


def test_the_parties_of_figures_follow_changes(kelisim: str, tmp_path: Path) -> None:
    token = make_token(tmp_path / "store")
    with serving(kelisim, "--store", str(tmp_path / "store"), "--allow-updates") as running:
        client = Client(running, token)
        (row,) = json.loads(send(ask(client.server, FIGURE))[2])["results"]["bindings"]
        claim, figure, state = (row[name]["value"] for name in ("claim", "figure", "state"))
        choice = f'value="{state.removeprefix(str(ID))}"'

        def is_offered() -> bool:
            status, _, body = send(f"{client.server}trade", headers={"Accept": BROWSER})
            assert status == 200
            return choice in body.decode()

        seen = [is_offered()]
        for word in ("INSERT", "DELETE"):
            status, body = client.update(
                f"{word} DATA {{ GRAPH <{claim}> {{ <{figure}> <{KEL.refArea}> <{state}> }} }}"
            )
            assert status == 200, body
            seen.append(is_offered())
        assert seen == [False, True, False]
