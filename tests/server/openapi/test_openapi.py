"""The OpenAPI description: requests made up from it by schemathesis get the answers that it promises."""

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import serving
from tests.http import send
from tests.server.endpoint.test_writes import make_token

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_every_route_is_described(server: str) -> None:
    paths = json.loads(send(f"{server}openapi.json")[2])["paths"]
    assert {"/", "/health", "/ready", "/sparql", "/graphs", "/graphs/{name}", "/openapi.json"} <= set(paths)


def test_made_up_requests_are_answered_as_described(kelisim: str, tmp_path: Path) -> None:
    token = make_token(tmp_path / "store")
    with serving(
        kelisim, "--store", str(tmp_path / "store"), "--empty", "--allow-updates", "--timeout", "5"
    ) as running:
        # 503 is how a query ends that asks for next to no time.
        config = '[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 503]\n'
        (tmp_path / "schemathesis.toml").write_text(config)
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{running.address}openapi.json"]
        options = [
            "--checks",
            CHECKS,
            "--max-examples",
            "20",
            "--seed",
            "1",
            # How many requests it makes up in vain says something of its luck, and nothing of the server.
            "--suppress-health-check",
            "all",
            "--header",
            f"Authorization: Bearer {token}",
            "--no-color",
        ]
        done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
