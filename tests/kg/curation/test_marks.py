"""Open marks: a draft is no data, and the message says where each of its marks is."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg.curation.curated import read_curation
from kg.curation.marks import MARK, open_marks
from kg.curation.shipped import packaged_data
from kg.curation.validation import validate_curation
from ontology import KelisimError
from server.commands.cli import cli


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the curated files."""
    return Path(shutil.copytree(str(packaged_data()), tmp_path / "data"))


def mark(path: Path, line: int) -> None:
    """Writes a comment with a mark above a line of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    lines.insert(line - 1, f"# {MARK} is it so?")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_where_marks_are() -> None:
    text = f'# {MARK} a figure\nid:a a kel:B .\n# not one\nid:c rdfs:label "{MARK}"@en .\n'
    assert open_marks(text) == [(1, f"{MARK} a figure"), (4, f'id:c rdfs:label "{MARK}"@en .')]
    assert not open_marks("id:a a kel:B . # [?\n")


@pytest.mark.parametrize("file", ["claims/mp23.trig", "entities/people.ttl"])
def test_that_a_file_with_an_open_mark_is_no_data(data: Path, file: str) -> None:
    read_curation(data)
    mark(data / file, 4)
    with pytest.raises(KelisimError, match=rf"^{file}:4: {mark_pattern()} is it so\?\n"):
        read_curation(data)
    assert read_curation(data, drafts=True).claims == read_curation().claims or file.startswith("claims/")
    for command in (["validate"], ["stats"], ["export", "--format", "trig"], ["reason"]):
        result = CliRunner().invoke(cli, ["--data", str(data), *command])
        assert result.exit_code == 1
        assert f"{file}:4: {MARK}" in result.output
    checked = CliRunner().invoke(cli, ["--data", str(data), "check", "--no-reasoning", "mp23"])
    assert f"{file}:4: error: A proposal is open: {MARK} is it so?" in checked.output
    assert "[open-mark]" in checked.output


def mark_pattern() -> str:
    return r"\[\?\]"


def test_that_each_of_many_marks_is_told(data: Path) -> None:
    for line in range(4, 64, 2):
        mark(data / "entities/people.ttl", line)
    mark(data / "omissions.ttl", 3)
    with pytest.raises(KelisimError) as error:
        read_curation(data)
    message = str(error.value)
    lines = [int(n) for n in message.partition("people.ttl: and in lines ")[2].partition("\n")[0].split(", ")]
    told = [number for number, _ in open_marks((data / "entities/people.ttl").read_text(encoding="utf-8"))]
    assert lines == told[-len(lines) :]
    assert all(f"people.ttl:{line}: " in message for line in told[: -len(lines)])
    assert "omissions.ttl:3: " in message or "omissions.ttl: and in lines 3" in message


def test_that_a_draft_beside_the_graph_does_not_validate(tmp_path: Path) -> None:
    file = tmp_path / "draft.ttl"
    file.write_text(f"# {MARK} who?\n<https://w3id.org/kelisim/id/x> a <https://w3id.org/kelisim/ns#State> .\n")
    with pytest.raises(KelisimError, match=r"draft.ttl:1: \[\?\] who\?"):
        validate_curation(read_curation(), [file])
