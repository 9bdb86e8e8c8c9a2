"""``kelisim query --cite``: what is printed of the claims behind each row, locally and from an endpoint."""

import json
import subprocess

import pyoxigraph as ox

VISITS = "SELECT ?visit { ?visit kel:visited id:kazakhstan ; kel:visitor ?visitor }"


def run(kelisim: str, *arguments: str) -> str:
    done = subprocess.run([kelisim, "query", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_table_has_footnotes(kelisim: str) -> None:
    printed = run(kelisim, "--cite", VISITS)
    assert "who says so" in printed
    assert "[1] " in printed
    assert "claim/mp23-p10-" in printed
    assert "planned [" in printed


def test_other_formats_and_an_endpoint_tell_the_same(kelisim: str, server: str) -> None:
    local = json.loads(run(kelisim, "--cite", "--format", "json", VISITS))
    remote = json.loads(run(kelisim, "--cite", "--format", "json", "--endpoint", f"{server}sparql", VISITS))
    assert local["citations"]["rows"] == remote["citations"]["rows"]
    assert "cited_claims" in run(kelisim, "--cite", "--format", "csv", VISITS).splitlines()[0]
    graph = run(kelisim, "--cite", "CONSTRUCT { ?v kel:visitor ?w } { ?v kel:visitor ?w }")
    assert any("/claim/" in str(q.graph_name) for q in ox.parse(graph.encode(), format=ox.RdfFormat.TRIG))


def test_rows_are_chosen_without_telling_why(kelisim: str) -> None:
    everything = run(kelisim, "--format", "csv", VISITS).splitlines()
    sure = run(kelisim, "--min-certainty", "reported", "--format", "csv", VISITS).splitlines()
    assert sure[0] == everything[0] == "visit"
    assert set(sure) < set(everything)
    assert not any("2024" in row for row in sure)


def test_a_count_of_nothing_rests_on_no_reference_data(kelisim: str) -> None:
    printed = run(kelisim, "--cite", "SELECT (COUNT(*) AS ?n) { ?x kel:nonesuch ?y }")
    assert "nothing told" in printed
    assert "reference data" not in printed
