"""The plan of the house: imports run one way, and every command is told in the README."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import click
import pytest

import kg
import ontology
import server
import shapes
from server.cli import cli
from tests.conftest import ROOT

ORDER = ["ontology", "shapes", "kg", "server"]


def modules(path: Path) -> set[str]:
    """Our modules that a file imports, wherever in it: at its head or in a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{a.name}" for a in node.names if source(f"{node.module}.{a.name}").exists()}
            found |= inner or {node.module}
    return {m for m in found if m.partition(".")[0] in ORDER}


def source(module: str) -> Path:
    return ROOT / (module.replace(".", "/") + ".py")


def imported(path: Path) -> set[str]:
    return {m.partition(".")[0] for m in modules(path)}


@pytest.mark.parametrize("package", ORDER)
def test_nothing_imports_upward(package: str) -> None:
    allowed = set(ORDER[: ORDER.index(package) + 1])
    files = list((ROOT / package).glob("*.py"))
    assert files
    for path in files:
        assert imported(path) <= allowed, path


def test_nothing_imports_in_a_circle() -> None:
    files = {f"{p}.{f.stem}".removesuffix(".__init__"): f for p in ORDER for f in (ROOT / p).glob("*.py")}
    assert len(files) > 20
    list(TopologicalSorter({name: modules(file) for name, file in files.items()}).static_order())


@pytest.mark.parametrize("package", [ontology, shapes, kg, server])
def test_public_names_exist(package: object) -> None:
    names = package.__all__  # type: ignore[attr-defined]
    assert names == sorted(names, key=lambda n: (n != n.upper(), n))
    assert all(hasattr(package, n) for n in names)


def commands(group: click.Group, prefix: str = "kelisim") -> list[tuple[str, click.Command]]:
    found = []
    for name, command in group.commands.items():
        found.append((f"{prefix} {name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix} {name}")
    return found


@pytest.mark.parametrize(("name", "command"), commands(cli))
def test_every_command_is_documented(name: str, command: click.Command) -> None:
    told = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert command.help
    assert name in told, f"README.md and CONTRIBUTING.md do not tell of `{name}`"
