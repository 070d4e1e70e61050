"""A provider's key is rotated while 200 calls a second and their streams use it: nobody notices, whatever happens."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.kit.dying_rotation import VARIABLE
from tests.kit.running import ROOT, Gateway, Running, gateway, sandbox
from tests.kit.steady_load import SteadyLoad
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

ADMIN_KEY = "sk-admin-canary-of-the-administrator"
PROJECT = "/v1/organization/projects/proj_a"
CONFIG = """\
vault: file
listen: 127.0.0.1:{port}
providers:
  openai:
    dialect: openai-chat
    base_url: "{sandbox}/v1"
    api_key: vault:openai
    allow_private: true
    admin: {{api: openai, key: vault:admin, base_url: "{sandbox}/v1", project: proj_a, service_account: svc_acct_b}}
models:
  chat: {{targets: [openai/gpt-4o-mini]}}
"""
STEPS = {"minted", "stored", "probed", "switching", "switched", "taken", "drained", "revoked", "finished"}


class Stage(NamedTuple):
    """A provider that makes and ends keys, and a home whose vault has one of them."""

    folder: Path
    provider: Running
    config: str
    port: int
    old: str
    """The key in use."""

    def mint(self) -> str:
        """A key that is made at the provider by hand."""
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        url = f"{self.provider.listen}{PROJECT}/service_accounts/svc_acct_b/api_keys"
        reply = httpx.post(url, headers=headers, json={"name": "by hand"})
        return str(reply.json()["value"])

    def keys(self) -> dict[str, dict[str, Any]]:
        """What the provider knows of its keys, by id, in the order in which they were made."""
        stats = httpx.get(f"{self.provider.listen}/__sandbox/stats?last=0").json()
        return {key["id"]: key for key in stats["keys"]}

    def serve(self, module: str = "gatewatch") -> Any:
        return gateway(self.folder, self.config, "--workers", "2", "--port", str(self.port), module=module)

    def command(self, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """A command on this home, run to its end."""
        home, file = self.folder / "home", self.folder / "gatewatch.yaml"
        file.write_text(self.config)
        return subprocess.run(
            [sys.executable, "-m", "gatewatch", *arguments, "--home", str(home), "--config", str(file), "-o", "json"],
            cwd=ROOT,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    async def rotate(self, *options: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        return await asyncio.to_thread(
            self.command, "providers", "rotate-key", "openai", "--yes", *options, stdin=stdin
        )

    def rotation(self) -> dict[str, Any]:
        """The latest."""
        latest: dict[str, Any] = json.loads(self.command("providers", "rotations").stdout)[0]
        return latest


@pytest.fixture
def stage(tmp_path: Path, unused_tcp_port: int) -> Iterator[Stage]:
    with sandbox(tmp_path) as provider:
        config = CONFIG.format(sandbox=provider.listen, port=unused_tcp_port)
        empty = Stage(tmp_path, provider, config, unused_tcp_port, "")
        made = empty._replace(old=empty.mint())
        for name, secret in (("openai", made.old), ("admin", ADMIN_KEY)):
            assert made.command("providers", "set-key", name, stdin=secret).returncode == 0
        yield made


def load(stage: Stage, served: Gateway) -> SteadyLoad:
    secret = served.key("app")
    return SteadyLoad(stage.port, lambda: secret)


async def calls_more(under: SteadyLoad, count: int) -> None:
    begun = len(under.told)
    await until(lambda: len(under.told), lambda told: told >= begun + count)


def failed(under: SteadyLoad) -> list[object]:
    return [told for told in under.told if not told.is_whole]


def audited(stage: Stage) -> list[dict[str, Any]]:
    """The entries of the latest rotation, in their order."""
    rotation = stage.rotation()["id"]
    entries = json.loads(stage.command("audit", "list", "--limit", "1000").stdout)
    entries = [entry for entry in entries if entry["action"] == "provider_key.rotate"]
    return [entry for entry in sorted(entries, key=lambda e: e["seq"]) if entry["after"]["rotation"] == rotation]


def nothing_tells(stage: Stage, *secrets: str) -> None:
    """No file of the home but the vault, no log, no answer of a command has a secret, whole or its middle."""
    said = {name: stage.command(*name.split()) for name in ("providers rotations", "audit list", "show audit")}
    sinks = {name: (done.stdout + done.stderr).encode() for name, done in said.items()}
    for path in stage.folder.rglob("*"):
        if path.is_file() and path.name != "vault.gw":
            sinks[str(path)] = path.read_bytes()
    for secret in secrets:
        for name, content in sinks.items():
            assert secret.encode() not in content, name
            assert secret[12:40].encode() not in content, name


@pytest.mark.parametrize("minted", [True, False], ids=["minted", "pasted"])
async def test_a_key_is_rotated_under_load_and_no_call_fails(minted: bool, stage: Stage) -> None:
    new = "" if minted else stage.mint()
    with stage.serve() as served:
        async with load(stage, served) as under:
            await calls_more(under, 200)
            done = await (stage.rotate("--mint") if minted else stage.rotate(stdin=new))
            await calls_more(under, 300)
        assert done.returncode == 0, done.stderr
        assert failed(under) == []
        assert sum(told.stream for told in under.told) >= 50

        told = json.loads(done.stdout)
        old_key, new_key = stage.keys().values()
        assert (told["state"], told["revoked"], told["calls_left"]) == ("done", True, 0)
        assert (told["version_old"], told["version_new"]) == (1, 2)
        assert (told["old_id"], old_key["active"], new_key["active"]) == (old_key["id"], False, True)
        assert old_key["calls"] >= 200
        assert new_key["calls"] >= 300
        assert old_key["refused"] == 0, "a call still came with the old key after it was revoked"

        steps = [entry["after"]["step"] for entry in audited(stage)]
        assert set(steps) >= STEPS - (set() if minted else {"minted"})
        assert {entry["after"]["version"] for entry in audited(stage)} == {None, 2}
        assert {entry["before"]["version"] for entry in audited(stage)} == {1}
        for line in ("the provider takes the new key", "every new call is made with it", "has ended the old key"):
            assert line in done.stderr
        nothing_tells(stage, stage.old, ADMIN_KEY, *([new] if new else []))
    assert stage.command("providers", "vault").stdout.count("openai") == 1, "an entry of the rotation was left behind"


async def test_a_key_that_the_provider_refuses_is_rolled_back_and_no_call_fails(stage: Stage) -> None:
    wrong = "bad-canary-of-a-key-that-nobody-takes"
    with stage.serve() as served:
        async with load(stage, served) as under:
            await calls_more(under, 200)
            done = await stage.rotate(stdin=wrong)
            await calls_more(under, 200)
        assert failed(under) == []
        assert done.returncode == 1
        told = json.loads(done.stdout)
        assert (told["state"], told["version_new"]) == ("rolled-back", None)
        assert "401" in told["failure"]
        assert "rolled back" in done.stderr
        (key,) = stage.keys().values()
        assert key["active"]
        assert key["refused"] == 0
        assert audited(stage)[-1]["after"]["state"] == "rolled-back"
        nothing_tells(stage, stage.old, wrong)
        again = await stage.rotate("--mint")
        assert again.returncode == 0, "a rotation that was rolled back stands in nobody's way"


async def test_a_drain_ends_at_its_deadline_and_says_who_was_left(stage: Stage) -> None:
    with stage.serve() as served:
        secret = served.key("app")
        body = {"model": "chat", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        headers = {"authorization": f"Bearer {secret}", "x-sandbox-chunks": "60", "x-sandbox-chunk-gap-ms": "100"}
        async with (
            httpx.AsyncClient() as client,
            client.stream("POST", f"{served.base_url}/chat/completions", json=body, headers=headers) as reply,
        ):
            lines = reply.aiter_lines()
            await anext(lines)
            done = await stage.rotate("--mint", "--drain", "1s")
            rest = [line async for line in lines]
        told = json.loads(done.stdout)
        assert (done.returncode, told["state"], told["calls_left"]) == (0, "done", 1)
        assert "1 calls that began with the old key still run" in done.stderr
        assert [line for line in rest if line][-1] == "data: [DONE]", "the provider lets a running stream end"


@pytest.mark.parametrize("step", ["begun", *sorted(STEPS)])
async def test_a_control_process_that_dies_after_a_step_goes_on_with_it_at_its_next_start(
    step: str, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, step)
    with stage.serve("tests.kit.dying_rotation") as first, ExitStack() as later:
        async with load(stage, first) as under:
            await calls_more(under, 50)
            died = await stage.rotate("--mint")
            assert first.running.process.wait() == -9
            assert died.returncode == 5
            monkeypatch.delenv(VARIABLE)
            later.enter_context(stage.serve())
            ended = await until(lambda: asyncio.to_thread(stage.rotation), lambda r: r["state"] != "running")
            await calls_more(under, 50)
        old_key, *others = stage.keys().values()
        assert ended["state"] == "done"
        assert not old_key["active"]
        assert old_key["refused"] == 0
        assert [key["name"] for key in others if key["active"]] == [ended["id"]], "one key, none left over"
        assert failed(under) == []


async def test_without_a_gateway_the_command_rotates_by_itself(stage: Stage) -> None:
    done = await stage.rotate("--mint")
    assert done.returncode == 0, done.stderr
    old_key, new_key = stage.keys().values()
    assert (old_key["active"], new_key["active"]) == (False, True)
    with stage.serve() as served:
        secret = served.key("app")
        body = {"model": "chat", "messages": [{"role": "user", "content": "hi"}]}
        reply = httpx.post(
            f"{served.base_url}/chat/completions", json=body, headers={"authorization": f"Bearer {secret}"}
        )
        assert reply.status_code == 200


async def test_workers_that_a_dead_gateway_left_behind_are_not_forgotten(stage: Stage) -> None:
    with stage.serve() as served:
        served.running.process.kill()
        served.running.process.wait()
        done = await stage.rotate("--mint")
        assert done.returncode == 4
        assert "still serve with the old key" in done.stderr
        assert [key["active"] for key in stage.keys().values()] == [True]
        with stage.serve():
            assert (await stage.rotate("--mint")).returncode == 0


async def test_a_key_that_is_not_in_the_vault_is_refused_with_the_next_step(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY_OF_A_PROVIDER", stage.old)
    here = stage._replace(config=stage.config.replace("api_key: vault:openai", "api_key: env:A_KEY_OF_A_PROVIDER"))
    done = await here.rotate("--mint")
    assert done.returncode == 2
    assert "api_key: vault:NAME" in done.stderr
