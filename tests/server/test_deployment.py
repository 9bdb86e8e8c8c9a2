"""The files in server/deployment: what linters and schemas say of them, and that they agree with each other."""

import configparser
import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose

from server.commands.cli import cli
from tests.conftest import ROOT

FOLDER = ROOT / "server" / "deployment"
MANIFESTS = sorted(p for p in (FOLDER / "kubernetes").glob("*.yaml") if p.name != "kustomization.yaml")
VERSION = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
MOST_EXPOSED = 1.5
"""Of systemd-analyze security, from 0 (best) to 10; what is left is the network, and memory that is made executable."""


def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def objects() -> list[dict[str, Any]]:
    """All objects of the manifests."""
    return [o for p in MANIFESTS for o in yaml.safe_load_all(p.read_text(encoding="utf-8"))]


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    found = [o for o in objects() if o["kind"] in kinds]
    assert found
    return found


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text("compose.yaml"))
    return loaded


def commands_served() -> list[list[str]]:
    """The arguments of every `kelisim serve` in the files."""
    services = [s["command"] for s in compose()["services"].values() if "command" in s]
    pods = [o["spec"]["template"]["spec"]["containers"][0]["args"] for o in of_kind("Deployment", "StatefulSet")]
    unit = re.findall(r"^ExecStart=/opt/kelisim/bin/kelisim (.*)", text("kelisim.service"), re.MULTILINE)
    image = re.findall(r"^CMD (\[.*\])", text("Dockerfile"), re.MULTILINE)
    return [*services, *pods, *(line.split() for line in unit), *map(json.loads, image)]


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, FOLDER / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_image_is_made_of_what_is_there() -> None:
    ignored = [line for line in text("Dockerfile.dockerignore").splitlines() if line and line[0] != "#"]
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert ignored[0] == "*"
    copied = {
        s.rstrip("/")
        for line in re.findall(r"^COPY ([^-].*) \S+$", text("Dockerfile"), re.MULTILINE)
        for s in line.split()
    }
    assert {source.split("/")[0] for source in copied} == kept
    for source in copied:
        assert (ROOT / source).exists()
    assert any(fnmatch("kg/x/__pycache__", line) for line in ignored)
    stages = re.split(r"^FROM ", text("Dockerfile"), flags=re.MULTILINE)
    assert len(stages) == 3
    assert re.search(r"^USER 10001:10001$", stages[2], re.MULTILINE)
    assert "HEALTHCHECK" in stages[2]
    assert "# Development" in (ROOT / "requirements.lock").read_text(encoding="utf-8"), "where the image's part ends"


def test_bases_are_named_by_version() -> None:
    images = re.findall(r"^ARG PYTHON=(\S+)", text("Dockerfile"), re.MULTILINE)
    images += [s["image"] for s in compose()["services"].values()]
    assert len(images) > 3
    assert all(re.search(r":\d+\.\d+", image) for image in images)


def test_compose_is_by_the_specification() -> None:
    assert set(PyCompose.from_yaml(yaml.safe_dump(compose())).service_names()) == {
        "writer",
        "replica-1",
        "replica-2",
        "nginx",
    }
    broken = compose()
    broken["services"]["nginx"]["cap_dropped"] = ["ALL"]
    with pytest.raises(ValueError, match="cap_dropped"):
        PyCompose.from_yaml(yaml.safe_dump(broken))


def test_no_container_may_more_than_it_needs() -> None:
    services = compose()["services"]
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"mem_limit", "pids_limit", "stop_grace_period"} <= set(service), name
        assert name == "nginx" or "ports" not in service, "only nginx is reached from outside"
    for owner in of_kind("Deployment", "StatefulSet"):
        pod = owner["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        allowed = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["securityContext"] == allowed
        assert {"requests", "limits"} <= set(container["resources"])
        assert [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")] == [
            "/health",
            "/health",
            "/ready",
        ]


def test_containers_hold_what_their_limits_allow() -> None:
    services = compose()["services"]
    commands = [(services[n]["command"], services[n]["mem_limit"]) for n in ("writer", "replica-1", "replica-2")]
    for owner in of_kind("Deployment", "StatefulSet"):
        (container,) = owner["spec"]["template"]["spec"]["containers"]
        commands.append((container["args"], container["resources"]["limits"]["memory"]))
    for command, limit in commands:
        options = dict(one.split("=", 1) for one in command if "=" in one)
        memory, result, spool = (int(options[f"--{name}"]) for name in ("memory", "result", "spool"))
        assert result <= spool, "an answer is in memory while it is read"
        assert 5 * memory + spool + 512 <= int(limit[0]) << 10, "of five processors, with room for the data"


def test_proxies_that_are_trusted_are_there() -> None:
    services = compose()["services"]
    address = services["nginx"]["networks"]["inside"]["ipv4_address"]
    for name in ("writer", "replica-1", "replica-2"):
        assert f"--trusted-proxy={address}" in services[name]["command"]
    used = set(re.findall(r"server (\S+):8000", text("nginx.conf")))
    assert used == set(services) - {"nginx"}
    known = dict(one.split("=") for one in services["nginx"]["extra_hosts"])
    assert known == {name: services[name]["networks"]["inside"]["ipv4_address"] for name in used}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda p: p.stem)
def test_manifests_are_by_the_schemas_of_kubernetes(manifest: Path) -> None:
    found = list(yaml.safe_load_all(manifest.read_text(encoding="utf-8")))
    assert found
    for one in found:
        kubernetes_validate.validate(one, "1.33", strict=True)
    found[0]["metadata"]["labelz"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(found[0], "1.33", strict=True)


def test_manifests_fit_together() -> None:
    pods = [o["spec"]["template"]["metadata"]["labels"] for o in of_kind("Deployment", "StatefulSet")]
    for one in of_kind("Service", "PodDisruptionBudget", "Deployment", "StatefulSet"):
        selector = one["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= labels.items() for labels in pods), one["metadata"]
    named = {o["metadata"]["name"] for o in of_kind("Service")}
    (ingress,) = of_kind("Ingress")
    backends = {p["backend"]["service"]["name"] for r in ingress["spec"]["rules"] for p in r["http"]["paths"]}
    assert backends == named
    for rule in ingress["spec"]["rules"]:
        served = {p["path"]: p["backend"]["service"]["name"] for p in rule["http"]["paths"]}
        assert served.get("/q", served["/"]) == "writer", "permalinks are where they are kept"
    kustomization = yaml.safe_load(text("kubernetes/kustomization.yaml"))
    assert {*kustomization["resources"]} == {p.name for p in MANIFESTS}


def test_kustomize_puts_them_together() -> None:
    kubectl = shutil.which("kubectl")
    if not kubectl:
        pytest.skip("no kubectl here, so the manifests were not put together")
    done = subprocess.run([kubectl, "kustomize", FOLDER / "kubernetes"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    built = [*yaml.safe_load_all(done.stdout)]
    assert len(built) == len(objects())
    assert {o["metadata"].get("namespace", "kelisim") for o in built} == {"kelisim"}


def test_images_are_of_this_version() -> None:
    assert VERSION
    tags = re.findall(r"image: kelisim:(\S+)", "".join([text("compose.yaml"), *(p.read_text() for p in MANIFESTS)]))
    tags.append(yaml.safe_load(text("kubernetes/kustomization.yaml"))["images"][0]["newTag"])
    assert len(tags) > 3
    assert set(tags) == {VERSION[1]}


def test_all_options_are_known() -> None:
    parameters = {o for p in cli.commands["serve"].params if isinstance(p, click.Option) for o in p.opts}
    found = commands_served()
    assert len(found) > 6
    for command in found:
        assert command[0] == "serve"
        assert {a.partition("=")[0] for a in command[1:] if a.startswith("--")} <= parameters, command


def test_gixy_finds_nothing_in_the_configuration_of_nginx() -> None:
    """But for names that are looked up once: in the compose file the addresses are fixed."""
    program = Path(sys.executable).with_name("gixy")
    command = [str(program), "-f", "json", "--skips", "missing_resolver", str(FOLDER / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == [], done.stdout


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if not found:
        pytest.skip("no systemd-analyze here, so nothing was asked of the unit")
    return found


def test_the_unit_is_well_formed(analyze: str, tmp_path: Path) -> None:
    unit = tmp_path / "kelisim.service"
    unit.write_text(text("kelisim.service").replace("/opt/kelisim/bin/kelisim", "/bin/true"), encoding="utf-8")
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(unit.read_text(encoding="utf-8").replace("ProtectHome=", "ProtectHouse="), encoding="utf-8")
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert "ProtectHouse" in done.stderr, "it does look"


def test_the_unit_leaves_little_exposed(analyze: str) -> None:
    command = [analyze, "security", "--offline=true", "--no-pager", str(FOLDER / "kelisim.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    level = re.search(r"Overall exposure level for kelisim.service: ([\d.]+)", done.stdout)
    assert level, done.stderr
    assert float(level[1]) <= MOST_EXPOSED


def test_the_unit_lets_the_server_stop() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(text("kelisim.service"))
    from server.serving import STOP_SECONDS

    assert int(parser["Service"]["TimeoutStopSec"]) > STOP_SECONDS
    for service in compose()["services"].values():
        assert int(service["stop_grace_period"].removesuffix("s")) > STOP_SECONDS
    for owner in of_kind("Deployment", "StatefulSet"):
        assert owner["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > STOP_SECONDS + 5


def test_nothing_is_said_of_this_machine() -> None:
    for file in FOLDER.rglob("*"):
        if file.is_file():
            assert str(ROOT) not in file.read_text(encoding="utf-8")
