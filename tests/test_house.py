"""The structure of the packages (rooms): imports run one way, and the documentation of the structure is true."""

import ast
import re
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import click
import pytest

import kg
import ontology
import server
import shapes
from server.commands.cli import cli
from tests.conftest import ROOT

PACKAGES = ["ontology", "shapes", "kg", "server"]
FILES = {
    ".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): f
    for package in PACKAGES
    for f in (ROOT / package).rglob("*.py")
    if "node_modules" not in f.parts
}
"""All modules by name, with their files."""

ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
IN_ORDER = re.findall(r"^\| `([\w.]+)` \|", ARCHITECTURE, re.MULTILINE)
"""The rooms in the order of the table in ARCHITECTURE.md, the lowest first."""


def modules(path: Path) -> set[str]:
    """The modules of `PACKAGES` that a file imports, at the top or in a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{a.name}" for a in node.names if f"{node.module}.{a.name}" in FILES}
            found |= inner or {node.module}
    return {m for m in found if m.partition(".")[0] in PACKAGES}


def room(module: str) -> str:
    """The room of a module: its package; `kg` and `server` themselves count as rooms."""
    return module if FILES[module].name == "__init__.py" else module.rpartition(".")[0]


def room_imports() -> dict[str, set[str]]:
    """The rooms that the modules of each room import."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, file in FILES.items():
        found[room(module)] |= {room(m) for m in modules(file)} - {room(module)}
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_imports_upward(package: str) -> None:
    allowed = set(PACKAGES[: PACKAGES.index(package) + 1])
    files = [file for module, file in FILES.items() if module.partition(".")[0] == package]
    assert files
    for path in files:
        assert {m.partition(".")[0] for m in modules(path)} <= allowed, path


def test_imports_have_no_cycle() -> None:
    assert len(FILES) > 20
    list(TopologicalSorter({name: modules(file) for name, file in FILES.items()}).static_order())


def test_rooms_import_only_those_before_them() -> None:
    assert len(IN_ORDER) == len(set(IN_ORDER))
    for name, imported in room_imports().items():
        before = set(IN_ORDER[: IN_ORDER.index(name)])
        assert imported <= before, f"{name} imports {imported - before}, which come later in ARCHITECTURE.md"


def test_the_architecture_names_every_room_and_no_other() -> None:
    rooms = {room(m) for m in FILES}
    assert set(IN_ORDER) == rooms
    diagrams = re.findall(r"```mermaid\n(.*?)```", ARCHITECTURE, re.DOTALL)
    drawn = set(re.findall(r"\[\"?([a-z_]+(?:\.[a-z_]+)?)\"?\]", diagrams[0]))
    assert drawn == rooms, "the first diagram shows every room"
    for name in re.findall(r"`((?:kg|server|ontology|shapes)/[\w./]+)`", ARCHITECTURE):
        assert (ROOT / name).exists(), f"ARCHITECTURE.md names {name}, which is not there"


@pytest.mark.parametrize("name", [r for r in IN_ORDER if "." in r])
def test_a_room_says_what_it_is_for_where_to_begin_and_what_it_imports(name: str) -> None:
    docstring = ast.get_docstring(ast.parse(FILES[name].read_text(encoding="utf-8"))) or ""
    what, begin, imports = docstring.split("\n\n")
    assert what.endswith(".")
    named = re.findall(r"`(\w+)`", begin)
    assert named
    assert all(f"{name}.{module}" in FILES for module in named), begin
    assert set(re.findall(r"[\w.]+\w", imports.removeprefix("Imports: "))) == room_imports()[name]


def test_tests_lie_in_the_rooms_that_they_test() -> None:
    rooms = {room(m) for m in FILES}
    for file in (ROOT / "tests").rglob("test_*.py"):
        folder = ".".join(file.relative_to(ROOT / "tests").parent.parts)
        assert not folder or folder in rooms, file


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
    documentation = "".join((ROOT / f).read_text(encoding="utf-8") for f in ("README.md", "kg/data/README.md"))
    assert command.help
    assert name in documentation, f"README.md and kg/data/README.md do not tell of `{name}`"
