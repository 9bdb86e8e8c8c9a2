"""The command line: what it prints, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg.curation.dataset import Dataset
from server.commands.cli import cli
from tests.conftest import ROOT, serving


def run(*arguments: str) -> tuple[int, str]:
    """The exit status and everything printed, with line ends as \\n."""
    done = CliRunner().invoke(cli, list(arguments))
    return done.exit_code, done.output


def test_stats(dataset: Dataset) -> None:
    status, printed = run("stats", "--json")
    assert status == 0
    assert json.loads(printed)["digest"] == dataset.digest
    assert f"digest: {dataset.digest}" in run("stats")[1]


def test_query_formats() -> None:
    query = "SELECT ?x { BIND(id:astana AS ?x) }"
    assert run("query", query, "--format", "csv") == (0, "x\nhttps://w3id.org/kelisim/id/astana\n")
    status, table = run("query", query)
    assert status == 0
    assert "id:astana" in table
    assert "1 row" in table
    assert run("query", "ASK { ?s a kel:State }") == (0, "yes\n")
    assert "<http://www.wikidata.org/entity/Q1520>" in run("query", "DESCRIBE id:astana", "--format", "turtle")[1]
    assert "<< id:astana kel:inState x >>" in run("query", 'SELECT (<<( id:astana kel:inState "x" )>> AS ?t) {}')[1]


def test_query_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "q.rq").write_text("ASK {}")
    assert run("query", "--file", str(tmp_path / "q.rq")) == (0, "yes\n")
    assert run("query")[0] == 2
    assert run("query", "ASK {}", "--file", str(tmp_path / "q.rq"))[0] == 2
    assert CliRunner().invoke(cli, ["query", "--file", "-"], input=b"\xef\xbb\xbfASK {}").output == "yes\n"


@pytest.mark.parametrize("arguments", [["query", "--file"], ["validate"], ["reason", "--with"]])
def test_files_that_are_not_utf_8_are_named(tmp_path: Path, arguments: list[str]) -> None:
    path = tmp_path / "a.ttl"
    path.write_bytes(b"# caf\xe9")
    status, printed = run(*arguments, str(path))
    assert status == 1
    assert printed == f"Error: {path} is not UTF-8 (byte 5): save it as UTF-8.\n"


def test_an_empty_query_is_malformed() -> None:
    status, printed = run("query", "")
    assert status == 1
    assert "malformed" in printed


def test_a_folder_without_claims_passes_no_check(tmp_path: Path) -> None:
    for command in ("validate", "stats", "reason"):
        status, printed = run("--data", str(tmp_path), command)
        assert status == 1
        assert "No claims in" in printed


def test_query_against_an_endpoint(server: str) -> None:
    arguments = ["query", "SELECT ?l { id:astana rdfs:label ?l } ORDER BY ?l", "--endpoint", f"{server}sparql"]
    for form in ("json", "xml", "csv", "csv-excel", "tsv"):
        assert run(*arguments, "--format", form) == run(*arguments[:2], "--format", form)
    graph = ["query", "CONSTRUCT WHERE { id:astana kel:inState ?s }", "--format", "ntriples"]
    assert run(*graph, "--endpoint", f"{server}sparql") == run(*graph)


def test_what_an_answer_lacks_is_told(server: str) -> None:
    query = "SELECT DISTINCT ?t { id:csto-summit-astana-2024 kel:topic ?t }"
    misspelt = "ASK { id:united-states kel:concern ?x }"
    for endpoint in ([], ["--endpoint", f"{server}sparql"]):
        printed = CliRunner().invoke(cli, ["query", query, *endpoint])
        assert printed.stderr.startswith("6 more rows are only told as expected, possible or denied. FROM <https://")
        assert "more rows" not in printed.stdout
        told = CliRunner().invoke(cli, ["query", misspelt, *endpoint]).stderr.splitlines()
        assert told[0].startswith("id:united-states does not occur in the data. Similar: id:usa, ")
        assert told[1].startswith("kel:concern does not occur in the data. Similar: kel:concerns")


def test_an_endpoint_that_is_not_there_or_refuses(server: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    status, printed = run("query", "ASK {}", "--endpoint", f"http://127.0.0.1:{port}/sparql")
    assert status == 1
    assert "did not answer" in printed
    status, printed = run("query", "SELECT ?x { ?x no:such 1 }", "--endpoint", f"{server}sparql")
    assert status == 1
    assert "refused the query" in printed
    assert "no PREFIX line declares" in printed


def test_questions() -> None:
    status, printed = run("questions")
    assert status == 0
    assert len(printed.splitlines()) >= 50
    name = printed.split()[0]
    status, answer = run("questions", "run", name)
    assert status == 0
    assert "row" in answer or answer.strip().endswith(("yes", "no"))
    assert run("questions", "run", "no-such-question")[0] == 1
    assert json.loads(run("questions", "--json")[1])[0]["name"] == name


def test_questions_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "made.trig").touch()
    (tmp_path / "questions").mkdir()
    text = (
        "# title: Any visit?\n# description: None.\n# tags: all\nASK { ?visit a <https://w3id.org/kelisim/ns#Visit> }\n"
    )
    (tmp_path / "questions" / "any.rq").write_text(text)
    data = ["--data", str(tmp_path), "questions"]
    assert run(*data) == (0, "any  Any visit?  [all]\n")
    assert run(*data, "run", "any")[1].endswith("no\n")


def test_bad_questions_and_files_left_out_are_named(tmp_path: Path) -> None:
    for folder in ("claims", "questions"):
        (tmp_path / folder).mkdir()
    (tmp_path / "claims" / "made.TRIG").touch()
    (tmp_path / "claims" / "made.trig~").write_text("{ no TriG")
    (tmp_path / "questions" / "bad.rq").write_text("ASK {}")
    (tmp_path / "questions" / "good.rq").write_text("# title: Any?\n# description: None.\n# tags: all\nASK {}\n")
    done = CliRunner().invoke(cli, ["--data", str(tmp_path), "questions"])
    assert (done.exit_code, done.stdout) == (1, "good  Any?  [all]\n")
    assert done.stderr.startswith("Not read: bad.rq: the header lacks title")
    done = CliRunner().invoke(cli, ["--data", str(tmp_path), "stats", "--json"])
    assert done.exit_code == 0
    assert done.stderr == f"Left out in {tmp_path}:\n  claims/made.trig~\n"
    assert json.loads(done.stdout)


def test_the_terminal_shows_data_as_they_are() -> None:
    shown = "[bold]no[/bold] :speaker: [/]"
    status, printed = run("query", f'SELECT ?x ?y {{ BIND("{shown}" AS ?x) BIND(<urn:[a]:smile:> AS ?y) }}')
    assert status == 1
    status, printed = run("query", f'SELECT ?x ?y {{ BIND("{shown}" AS ?x) BIND(<urn:a:smile:> AS ?y) }}')
    assert status == 0
    assert shown in printed
    assert "<urn:a:smile:>" in printed


def test_reports_show_data_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_text(
        "@prefix kel: <https://w3id.org/kelisim/ns#> . @prefix id: <https://w3id.org/kelisim/id/> .\n"
        'id:made-up a kel:State ; kel:isoAlpha2 "[b]:heart:" .'
    )
    status, printed = run("validate", str(path))
    assert status == 1
    assert "[b]:heart:" in printed
    assert f"id:made-up: {path}:2" in printed


def test_export_to_standard_output_and_file(tmp_path: Path) -> None:
    status, printed = run("export", "--format", "nquads")
    assert status == 0
    path = tmp_path / "out.nq"
    assert run("export", "--format", "nquads", "--output", str(path)) == (0, "")
    assert path.read_text(encoding="utf-8") == printed
    assert run("export", "--format", "csv")[0] == 2
    assert run("export", "--format", "trig", "--reified")[0] == 1


def test_validate_refuses_bad_claims_and_takes_good_ones() -> None:
    fixtures = ROOT / "tests/fixtures"
    status, printed = run("validate")
    assert (status, "conforms" in printed) == (0, True)
    bad = str(next((fixtures / "invalid").glob("Observation-*.trig")))
    status, printed = run("validate", bad)
    assert status == 1
    assert "shape:" in printed
    status, told = run("validate", bad, "--json")
    assert (status, json.loads(told)["conforms"]) == (1, False)
    assert all(result["shape"].startswith("https://") for result in json.loads(told)["results"])
    assert run("validate", bad, "--format", "json") == (1, told)
    status, turtle = run("validate", bad, "--format", "turtle")
    assert status == 1
    assert "ValidationReport" in turtle


def test_reason_names_what_clashes() -> None:
    clash = str(ROOT / "tests/fixtures/inconsistent/state-and-place.ttl")
    told = json.loads(CliRunner().invoke(cli, ["reason", "--with", clash, "--json"]).stdout)
    assert (told["consistent"], told["sound"]) == (False, False)
    assert "https://w3id.org/kelisim/id/nowhere" in told["individuals"]
    status, printed = run("reason", "--with", clash)
    assert status == 1
    assert "Inconsistent" in printed
    assert "https://w3id.org/kelisim/id/nowhere" in printed


def test_reason_writes_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "inferred.nt"
    status, printed = run("reason", "--output", str(path))
    assert status == 0
    assert printed.startswith("Consistent.")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert f"{len(lines)} triples follow" in printed
    assert lines == sorted(lines)


def test_reason_takes_a_file_into_what_follows(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(
        "@prefix kel: <https://w3id.org/kelisim/ns#> . @prefix id: <https://w3id.org/kelisim/id/> .\n"
        "id:made-up-visit a kel:Visit ; kel:visitor id:nobody ."
    )
    path = tmp_path / "inferred.nt"
    status, printed = run("reason", "--with", str(tmp_path / "a.ttl"), "--output", str(path))
    assert (status, "OWL 2 RL rules" in printed) == (0, True)
    base = "https://w3id.org/kelisim/"
    assert f"<{base}id/made-up-visit> <{base}ns#participant> <{base}id/nobody> ." in path.read_text().splitlines()


def test_reason_writes_nothing_that_follows_from_a_contradiction(tmp_path: Path) -> None:
    fixture = ROOT / "tests/fixtures/inconsistent/state-and-place.ttl"
    assert run("reason", "--with", str(fixture), "--output", str(tmp_path / "a.nt"))[0] == 1
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, printed = run("serve", "--port", str(port))
    assert status == 1
    assert f"Cannot listen on 127.0.0.1, port {port}" in printed


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_stops_cleanly(kelisim: str, stop: signal.Signals) -> None:
    with serving(kelisim) as running:
        running.process.send_signal(stop)
        rest, _ = running.process.communicate(timeout=15)
    assert "quads, digest" in running.printed
    assert running.address.startswith("http://127.0.0.1:")
    assert "Stopped." in rest
    assert running.process.returncode == 0


def test_the_command_line_starts_without_what_commands_need() -> None:
    program = "import sys, server.commands.cli; print({'rdflib', 'flask', 'rich', 'asyncio'} & sys.modules.keys())"
    started = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert started.stdout == "set()\n"


LOADED = """
import sys
from server.commands.cli import main
try:
    main()
except SystemExit:
    pass
print(len({name for name in sys.modules if not name.startswith("_")}), *sys.modules, file=sys.stderr)
"""
"""Runs a command, and tells the number and the names of the modules that it loaded."""


@pytest.mark.parametrize(
    ("arguments", "completed", "most", "unwanted"),
    [
        (["--help"], "", 160, {"rdflib", "rich", "asyncio", "platformdirs"}),
        ([], "kelisim sh", 170, {"rdflib", "rich", "asyncio", "kg.rdf.files"}),
        ([], "kelisim show kaz", 190, {"rdflib", "rich", "asyncio"}),
        (["query", "ASK { ?s a kel:Visit }", "--format", "csv"], "", 210, {"rdflib", "rich", "lark", "kg.rdf.patches"}),
        (["query", "SELECT ?s { ?s a kel:Visit } LIMIT 1"], "", 260, {"rdflib", "lark", "asyncio", "kg.rdf.patches"}),
    ],
)
def test_commands_load_little(
    arguments: list[str], completed: str, most: int, unwanted: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules are counted, and not seconds: most of the time of a short command is that of imports."""
    run("query", "ASK {}")  # so that the dataset is kept
    if completed:
        monkeypatch.setenv("_KELISIM_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", completed)
        monkeypatch.setenv("COMP_CWORD", str(completed.count(" ")))
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True)
    number, *names = done.stderr.splitlines()[-1].split()
    assert done.stdout
    assert not unwanted & {*names}
    assert int(number) <= most
