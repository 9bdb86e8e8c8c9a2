"""`kelisim serve --columns`: where columns cannot be, it says so, and by default there are none."""

import pytest
from click.testing import CliRunner

from server.commands.cli import cli


@pytest.mark.parametrize(
    "options", [[], ["--engine", "http://127.0.0.1:9/sparql"], ["--replica-of", "http://127.0.0.1:9"]]
)
def test_columns_need_a_store_here(options: list[str]) -> None:
    result = CliRunner().invoke(cli, ["serve", "--port", "0", *options, "--columns"])
    assert result.exit_code != 0
    assert "--store" in result.output


def test_the_choice_is_told() -> None:
    result = CliRunner().invoke(cli, ["serve", "--columns", "perhaps"])
    assert result.exit_code == 2
    assert "'auto', 'on', 'off'" in result.output
