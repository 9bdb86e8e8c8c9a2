"""What a claim tells, as it is compared."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from server.commands.cli import cli
from tests.kg.agreement.curations import both, changed, claims_of


def test_claims_with_differences_are_not_accepted_undecided(tmp_path: Path) -> None:
    text = claims_of("izv24")
    both(tmp_path, text, changed(text, "izv24-p32-4", "kel:value 28400000000", "kel:value 5"))
    sides = [str(tmp_path / side / "izv24.trig") for side in "ab"]
    done = CliRunner().invoke(cli, ["agree", *sides, "--accept", str(tmp_path / "out.trig")])
    assert done.exit_code == 2
    assert "--accept wants --decide FILE too" in " ".join(done.output.replace("│", " ").split())


@pytest.mark.parametrize("value", ["--5", "³", "+-1", ".", "1.2.3"])
def test_numbers_that_are_none_are_compared_as_they_stand(tmp_path: Path, value: str) -> None:
    text = claims_of("izv24")
    other = changed(text, "izv24-p32-4", "kel:value 28400000000", f'kel:value "{value}"^^xsd:integer')
    assert len(both(tmp_path, text, other).differences) == 1
