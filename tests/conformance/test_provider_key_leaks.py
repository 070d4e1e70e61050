"""A provider's secret that leaked, on a whole running gateway: seen, told without being repeated, rotated by itself."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.running import ROOT, Gateway, gateway, sandbox
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

ADMIN_KEY = "sk-admin-canary-of-the-administrator"
OTHER = "canary-of-another-provider-0123456789"
CONFIG = """\
vault: file
providers:
  openai:
    dialect: openai-chat
    base_url: "{sandbox}/v1"
    api_key: vault:openai
    allow_private: true
    admin: {{api: openai, key: vault:admin, base_url: "{sandbox}/v1", project: proj_a, service_account: svc_acct_b}}
    rotation: {{on_leak: true}}
  other:
    dialect: openai-chat
    base_url: "{sandbox}/v1"
    api_keys: [{{name: main, key: vault:other}}]
    allow_private: true
    rotation: {{on_leak: true}}
models:
  chat: {{targets: [openai/gpt-4o-mini]}}
teams:
  search: {{}}
  strict: {{leaks: {{in_prompt: refuse}}}}
"""


class Stage:
    """A provider that makes and ends keys, and a gateway with one of them."""

    def __init__(self, served: Gateway, old: str) -> None:
        self.served = served
        self.old = old

    async def call(self, secret: str, prompt: str = "hi") -> RawReply:
        body = json.dumps({"model": "chat", "messages": [{"role": "user", "content": prompt}]}).encode()
        fields = {"Authorization": f"Bearer {secret}"}
        port = int(self.served.running.listen.rpartition(":")[2])
        return await ask(port, request("POST", "/v1/chat/completions", body, fields))

    def alarms(self) -> dict[str, str]:
        with ControlClient(Home(self.served.home).socket) as control:
            return {alarm["id"]: alarm["text"] for alarm in control.live()["alarms"]}

    def entries(self) -> list[dict[str, Any]]:
        every = self.served.ask("audit", "list", "--limit", "500")
        return [entry for entry in every if entry["action"] == "provider_key.leak"]

    def sinks(self) -> Iterator[tuple[str, bytes]]:
        """Everything that this gateway has written, but the vault."""
        for path in self.served.home.parent.rglob("*"):
            if path.is_file() and path.name != "vault.gw":
                yield str(path), path.read_bytes()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with sandbox(tmp_path) as provider:
        url = f"{provider.listen}/v1/organization/projects/proj_a/service_accounts/svc_acct_b/api_keys"
        made = httpx.post(url, headers={"authorization": f"Bearer {ADMIN_KEY}"}, json={"name": "by hand"}).json()
        for name, secret in (("openai", made["value"]), ("admin", ADMIN_KEY), ("other", OTHER)):
            command = [
                sys.executable,
                "-m",
                "gatewatch",
                "providers",
                "set-key",
                name,
                "--home",
                str(tmp_path / "home"),
            ]
            (tmp_path / "home").mkdir(exist_ok=True)
            file = tmp_path / "gatewatch.yaml"
            file.write_text(CONFIG.format(sandbox=provider.listen))
            subprocess.run([*command, "--config", str(file)], cwd=ROOT, input=secret, text=True, check=True, timeout=60)
        with gateway(tmp_path, CONFIG.format(sandbox=provider.listen), "--workers", "2") as served:
            yield Stage(served, str(made["value"]))


async def test_a_secret_in_a_prompt_is_exchanged_by_itself_and_nothing_repeats_it(stage: Stage) -> None:
    app = stage.served.key("app")
    assert (await stage.call(app, f"my key is {stage.old}, is it safe?")).status == 200
    latest = await until(
        lambda: stage.served.ask("providers", "rotations"), lambda found: found and found[0]["state"] == "done"
    )
    assert (latest[0]["provider"], latest[0]["started_by"]) == ("openai", "gateway")
    await until(stage.alarms, lambda alarms: not any(id.startswith("provider_leak:") for id in alarms))
    assert (await stage.call(app)).status == 200
    (entry,) = stage.entries()
    assert (entry["target"], entry["actor"]) == ("openai/vault:openai", "gateway")
    for name, content in stage.sinks():
        assert stage.old.encode() not in content, name


async def test_a_caller_that_comes_with_a_providers_secret_is_refused_as_any_other_and_told_of(stage: Stage) -> None:
    strange, wrong = await stage.call(OTHER), await stage.call("sk-nobodys")
    assert (strange.status, wrong.status) == (401, 401)
    said = json.loads(strange.body)["error"]
    assert said == json.loads(wrong.body)["error"]
    alarms = await until(stage.alarms, lambda alarms: "provider_leak:other/main" in alarms)
    text = alarms["provider_leak:other/main"]
    assert "a request from 127.0.0.1, as its key" in text
    assert "has no admin API configured that makes keys" in text
    assert text.endswith("gatewatch providers rotate-key other --key main")
    for name, content in stage.sinks():
        assert OTHER.encode() not in content, name


async def test_a_team_may_refuse_such_calls(stage: Stage) -> None:
    strict, app = stage.served.key("strict", team="strict"), stage.served.key("app")
    told = [await stage.call(key, f"{OTHER} is my key") for key in (strict, app)]
    assert [reply.status for reply in told] == [403, 200]
    assert json.loads(told[0].body)["error"]["code"] == "key_leaked"
    await until(stage.entries, lambda entries: len(entries) == 2)
    assert {entry["after"]["reaction"] for entry in stage.entries()} == {"refuse", "alert"}
