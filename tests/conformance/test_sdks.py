"""The official SDKs as clients, over sockets, each against a provider of every dialect.

One test runs one driver (`sdk/`), in a process of its own and under its own interpreter, through all cases and
providers. Generations and languages must reach the same verdicts; where an SDK forces a difference, `sdk/clients.py`
says so.
"""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.conformance.sdk.clients import SDKS, Api, Sdk
from tests.conformance.sdk.providers import PROVIDERS
from tests.conformance.sdk.seen import SHOWS, missing
from tests.conformance.sdk.verdicts import expected
from tests.kit.running import ROOT, Gateway, Running

pytestmark = pytest.mark.slow

OLDER = ("openai-python-1", "anthropic-python-0")
RUNS = [
    pytest.param(sdk, api, id=f"{sdk.name}-{api}", marks=[pytest.mark.long] if sdk.name in OLDER else [])
    for sdk in SDKS
    for api in sdk.apis
]


@pytest.fixture(scope="session")
def given(every_dialect: Gateway, provider: Running) -> dict[str, Any]:
    """What drivers are told."""
    return {
        "url": every_dialect.running.listen,
        "key": every_dialect.key("sdks"),
        "sandbox": provider.listen,
        "providers": [each.place() for each in PROVIDERS],
    }


@pytest.mark.parametrize(("sdk", "api"), RUNS)
def test_every_case_at_every_provider(
    sdk: Sdk, api: Api, given: dict[str, Any], every_dialect: Gateway, subtests: pytest.Subtests
) -> None:
    if not sdk.interpreter:
        pytest.skip(f"{sdk.name} is not installed: `make extras`")
    said = run(sdk, api, given)
    assert said["version"].startswith(sdk.version)
    for provider in PROVIDERS:
        found, wanted = said["verdicts"][provider.name], expected(sdk, api, provider)
        with subtests.test("verdicts", provider=provider.name):
            assert found.keys() == wanted.keys()
            answered = [name for name in SHOWS if name in wanted and "error" not in wanted[name]]
            seen = {name: found[name].pop("seen", {}) for name in answered}
            differing = [name for name in wanted if found[name] != wanted[name]]
            assert not differing, "\n".join(f"{name}: {found[name]}\n  expected: {wanted[name]}" for name in differing)
            lacking = {name: missing(name, provider.dialect, body) for name, body in seen.items()}
            assert not any(lacking.values()), {name: (lacking[name], seen[name]) for name in lacking if lacking[name]}
    assert "Traceback" not in every_dialect.running.log.read_text()


def run(sdk: Sdk, api: Api, given: dict[str, Any], *cases: str) -> Any:
    """A driver's verdicts, of all cases where none is named.

    Keys and addresses of whoever runs the tests stay out of it.
    """
    kept = ("PATH", "HOME", "LD_LIBRARY_PATH", "GATEWATCH_NODE_MODULES")
    done = subprocess.run(
        [*sdk.command(api), *cases],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={name: os.environ[name] for name in kept if name in os.environ},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
