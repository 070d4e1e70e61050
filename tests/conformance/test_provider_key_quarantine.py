"""A provider stops taking a key, and nobody notices but the operator: real processes under load, streams included."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.running import ROOT, Running, gateway, sandbox
from tests.kit.steady_load import SteadyLoad
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

ADMIN = {"authorization": "Bearer sk-admin-canary-of-the-administrator"}
PROJECT = "/v1/organization/projects/proj_a"
CONFIG = """\
vault: file
listen: 127.0.0.1:{port}
providers:
  openai:
    dialect: openai-chat
    base_url: "{sandbox}/v1"
    allow_private: true
    api_keys:
      - {{name: main, key: "vault:main", weight: 3}}
      - {{name: backup, key: "file:{folder}/backup.key"}}
models:
  chat: {{targets: [openai/gpt-4o-mini]}}
"""


class Made(NamedTuple):
    """A key at the provider."""

    id: str
    secret: str


class Stage(NamedTuple):
    """A provider with two keys, and a home that has them."""

    folder: Path
    provider: Running
    config: str
    port: int
    main: Made
    backup: Made

    def revoke(self, key: Made) -> None:
        """At the provider, behind the gateway's back."""
        reply = httpx.delete(f"{self.provider.listen}{PROJECT}/api_keys/{key.id}", headers=ADMIN)
        assert reply.status_code == 200, reply.text

    def serve(self, workers: int = 2) -> Any:
        return gateway(self.folder, self.config, "--workers", str(workers), "--port", str(self.port))

    def command(self, *arguments: str, stdin: str | None = None) -> Any:
        """The JSON of a command on this home, run to its end."""
        home, file = str(self.folder / "home"), str(self.folder / "gatewatch.yaml")
        done = subprocess.run(
            [sys.executable, "-m", "gatewatch", *arguments, "--home", home, "--config", file, "-o", "json"],
            cwd=ROOT,
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def live(self) -> Any:
        with ControlClient(Home(self.folder / "home").socket) as client:
            return client.request("GET", "/v1/live")

    def alarms(self) -> list[str]:
        return [alarm["text"] for alarm in self.live()["alarms"] if alarm["id"].startswith("provider_key:")]

    def audited(self) -> list[tuple[str, str, str]]:
        """Actor, action and target of what is about keys in quarantine, the oldest first."""
        entries = self.command("audit", "list", "--limit", "1000")
        told = [entry for entry in entries if entry["action"].startswith("provider_key.quarantine")]
        return [(each["actor"], each["action"], each["target"]) for each in sorted(told, key=lambda each: each["seq"])]

    def calls(self, key: Made) -> dict[str, int]:
        """What the provider counted of one key."""
        stats = httpx.get(f"{self.provider.listen}/__sandbox/stats?last=0").json()
        (found,) = (each for each in stats["keys"] if each["id"] == key.id)
        return {name: found[name] for name in ("calls", "refused")}


def mint(provider: Running, name: str) -> Made:
    url = f"{provider.listen}{PROJECT}/service_accounts/svc_acct_b/api_keys"
    said = httpx.post(url, headers=ADMIN, json={"name": name}).json()
    return Made(said["id"], said["value"])


@pytest.fixture
def stage(tmp_path: Path, unused_tcp_port: int) -> Iterator[Stage]:
    with sandbox(tmp_path) as provider:
        config = CONFIG.format(sandbox=provider.listen, port=unused_tcp_port, folder=tmp_path)
        (tmp_path / "gatewatch.yaml").write_text(config)
        main, backup = mint(provider, "main"), mint(provider, "backup")
        made = Stage(tmp_path, provider, config, unused_tcp_port, main, backup)
        made.command("providers", "set-key", "main", stdin=main.secret)
        write_key(made, backup.secret)
        yield made


def write_key(stage: Stage, secret: str) -> None:
    new = stage.folder / "new.key"
    new.write_text(secret)
    new.chmod(0o600)
    new.replace(stage.folder / "backup.key")


async def calls_more(under: SteadyLoad, count: int) -> None:
    begun = len(under.told)
    await until(lambda: len(under.told), lambda told: told >= begun + count)


async def one_call(stage: Stage, secret: str, *, stream: bool = False, **headers: str) -> RawReply:
    body = {"model": "chat", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    more = {"Authorization": f"Bearer {secret}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await ask(stage.port, request("POST", "/v1/chat/completions", json.dumps(body).encode(), more))


def nothing_tells(stage: Stage, *secrets: str) -> None:
    """No file but the vault and the key's own, no log, no journal, no store, no live state, no list has a secret."""
    sinks = {str(path): path.read_bytes() for path in stage.folder.rglob("*") if path.is_file()}
    sinks = {name: content for name, content in sinks.items() if not name.endswith(("vault.gw", "backup.key"))}
    sinks |= {"live": json.dumps(stage.live()).encode()}
    for arguments in (("providers", "list"), ("providers", "quarantined"), ("audit", "list"), ("show", "calls")):
        sinks[" ".join(arguments)] = json.dumps(stage.command(*arguments)).encode()
    for secret in secrets:
        for name, content in sinks.items():
            assert secret.encode() not in content, name
            assert secret[12:40].encode() not in content, name


async def test_a_key_is_revoked_in_the_middle_of_the_load_and_no_call_fails(stage: Stage) -> None:
    with stage.serve() as served:
        secret = served.key("app")
        async with SteadyLoad(stage.port, lambda: secret, rate=100) as under:
            await calls_more(under, 200)
            stage.revoke(stage.main)
            await calls_more(under, 300)
        assert [told for told in under.told if not told.is_whole] == []
        assert sum(told.stream for told in under.told) >= 50

        (alarm,) = stage.alarms()
        assert "The key main is refused by openai since" in alarm
        assert "backup serves instead." in alarm
        assert stage.audited() == [("gateway", "provider_key.quarantine", "openai/main")]
        assert stage.calls(stage.main)["calls"] >= 100
        assert stage.calls(stage.main)["refused"] < 50, "what was under way in two workers before they knew"
        assert stage.calls(stage.backup)["refused"] == 0

        (listed,) = stage.command("providers", "list")
        held = {key["name"]: [each["kind"] for each in key["quarantine"]] for key in listed["keys"]}
        assert held == {"main": ["refused"], "backup": []}
        assert all(isinstance(key["in_flight"], int) for key in listed["keys"])
        nothing_tells(stage, stage.main.secret, stage.backup.secret)


async def test_what_one_worker_found_out_all_know_also_after_a_restart(stage: Stage) -> None:
    with stage.serve() as served:
        secret = served.key("app")
        stage.revoke(stage.main)
        await until(lambda: one_call(stage, secret), lambda _: stage.command("providers", "quarantined"))
        await until(stage.alarms, bool)
    refused = stage.calls(stage.main)["refused"]
    with stage.serve():
        assert len(stage.alarms()) == 1
        await until(lambda: len(stage.live()["workers"]), lambda workers: workers == 2)
        replies = await asyncio.gather(*(one_call(stage, secret) for _ in range(20)))
        assert {reply.status for reply in replies} == {200}
    assert stage.calls(stage.main)["refused"] <= refused + 2
    assert len(stage.audited()) == 1


async def test_a_key_that_is_set_anew_is_free_at_once_without_a_restart(stage: Stage) -> None:
    with stage.serve() as served:
        secret = served.key("app")
        stage.revoke(stage.main)
        await until(lambda: one_call(stage, secret), lambda _: stage.alarms())
        new = mint(stage.provider, "new")
        stage.command("providers", "set-key", "main", stdin=new.secret)
        await until(stage.alarms, lambda alarms: not alarms)
        await until(lambda: one_call(stage, secret), lambda _: stage.calls(new)["calls"])
        assert [action for _, action, _ in stage.audited()] == [
            "provider_key.quarantine",
            "provider_key.quarantine.lift",
        ]
        nothing_tells(stage, stage.main.secret, new.secret)


async def test_a_key_file_that_is_replaced_is_taken_without_a_restart(stage: Stage) -> None:
    with stage.serve() as served:
        secret = served.key("app")
        new = mint(stage.provider, "new")
        write_key(stage, new.secret)
        await until(lambda: one_call(stage, secret), lambda _: stage.calls(new)["calls"])
        assert (await one_call(stage, secret)).status == 200


async def test_an_operator_lifts_a_quarantine_and_the_next_call_uses_the_key(stage: Stage) -> None:
    with stage.serve() as served:
        secret = served.key("app")
        stage.revoke(stage.main)
        await until(lambda: one_call(stage, secret), lambda _: stage.alarms())
        before = stage.calls(stage.main)["refused"]
        (lifted,) = stage.command("providers", "lift", "openai", "main")
        assert (lifted["key_id"], lifted["kind"]) == ("main", "refused")
        await until(lambda: one_call(stage, secret), lambda _: stage.calls(stage.main)["refused"] > before)
        await until(lambda: len(stage.audited()), lambda entries: entries == 3)
    who = [actor for actor, _, _ in stage.audited()]
    assert (who[0], who[2]) == ("gateway", "gateway")
    assert who[1] != "gateway"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_used_up_quota_is_told_from_a_rate_limit(stage: Stage, stream: bool) -> None:
    def script(name: str) -> dict[str, str]:
        return {"x_sandbox_script": f"{name},ok", "x_sandbox_session": f"{name}-{stream}"}

    with stage.serve(workers=1) as served:
        secret = served.key("app")
        assert (await one_call(stage, secret, stream=stream, **script("429"))).status == 200
        assert (await one_call(stage, secret, stream=stream, **script("500"))).status == 502
        assert stage.command("providers", "quarantined") == []
        assert (await one_call(stage, secret, stream=stream, **script("429-quota"))).status == 200
        held = await until(lambda: stage.command("providers", "quarantined"), bool)
        assert [(each["kind"], each["model"], each["reason"]) for each in held] == [
            ("exhausted", None, "429 insufficient_quota")
        ]
        (alarm,) = stage.alarms()
        assert "is used up at openai since" in alarm


async def test_with_every_key_revoked_the_caller_is_told_whose_fault_it_is_and_the_provider_is_left_alone(
    stage: Stage,
) -> None:
    with stage.serve(workers=1) as served:
        secret = served.key("app")
        stage.revoke(stage.main)
        stage.revoke(stage.backup)
        replies = [await one_call(stage, secret, stream=number % 2 == 0) for number in range(10)]
        assert {reply.json["error"]["code"] for reply in replies} == {"upstream_auth"}
        assert replies[0].status == 502
        assert {reply.status for reply in replies[1:]} <= {502, 503}
        asked = [stage.calls(key)["refused"] for key in (stage.main, stage.backup)]
        assert all(1 <= count <= 4 for count in asked), "a try after a second, then after two and four"
        alarms = await until(stage.alarms, lambda alarms: len(alarms) == 2)
        assert all("Calls of chat get 503 upstream_auth." in alarm for alarm in alarms)
        nothing_tells(stage, stage.main.secret, stage.backup.secret)
