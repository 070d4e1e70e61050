"""The life of a key on a running gateway, as an operator and an app live through it, by command line and socket."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.raw_http import RawReply, ask, request
from tests.kit.running import ROOT, Gateway, gateway, sandbox
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

CONFIG = """\
vault: file
providers:
  sandbox: {{dialect: openai-chat, base_url: "{sandbox}/v1", api_key: "file:{key}", allow_private: true}}
models:
  chat: {{targets: [sandbox/gpt-4o-mini]}}
teams:
  billing: {{}}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("life")
    key = folder / "provider.key"
    key.write_text("sk-of-the-provider")
    key.chmod(0o600)
    with (
        sandbox(folder) as provider,
        gateway(folder, CONFIG.format(sandbox=provider.listen, key=key), "--workers", "2") as running,
    ):
        yield running


async def call(served: Gateway, secret: str, app: str = "app/1", **headers: str) -> RawReply:
    body = {"model": "chat", "messages": [{"role": "user", "content": "hi"}], "stream": bool(headers)}
    sent = {"Authorization": f"Bearer {secret}", "User-Agent": app} | headers
    port = int(served.running.listen.rpartition(":")[2])
    return await ask(port, request("POST", "/v1/chat/completions", json.dumps(body).encode(), sent))


async def status(served: Gateway, secret: str, app: str = "app/1") -> int:
    return (await call(served, secret, app)).status


async def stream(served: Gateway, secret: str) -> RawReply:
    """Of some seconds."""
    return await call(served, secret, **{"x-sandbox-chunks": "200", "x-sandbox-chunk-gap-ms": "50"})


def told(served: Gateway, *arguments: str) -> tuple[int, str, str]:
    """A command on this gateway: exit code, stdout, stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "gatewatch", *arguments, "--home", str(served.home)],
        cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


async def test_made_used_rotated_with_a_grace_and_revoked(served: Gateway) -> None:
    key = served.ask("keys", "create", "life", "--team", "search", "--create-team", "--max-uses", "6")
    assert sorted(key) == ["id", "name", "secret", "team"]
    assert await status(served, key["secret"], "cron/1") == 200

    rotated = served.ask("keys", "rotate", "life", "--grace", "5s", "--rotation-id", "r1", "--yes")
    assert [await status(served, secret, "cron/1") for secret in (key["secret"], rotated["secret"])] == [200, 200]
    shown = await until(
        lambda: served.ask("keys", "show", "life"), lambda shown: shown["old_in_use"] and shown["days30"]["calls"] == 3
    )
    assert [(caller["client"], caller["key_version"]) for caller in shown["old_in_use"]] == [("cron/1", 1)]
    assert [secret["state"] for secret in shown["secrets"]] == ["grace", "current"]

    await until(lambda: served.ask("keys", "show", "life")["secrets"][0]["state"], lambda state: state == "ended")
    assert await status(served, key["secret"]) == 401
    assert await status(served, rotated["secret"]) == 200, "the new one goes on"
    rows = await until(
        lambda: served.ask("show", "calls", "--where", "status=ok key=life"), lambda rows: len(rows) == 4
    )
    assert {row["key_id"] for row in rows} == {key["id"]}, "one identity in the ledger, whichever secret"
    assert served.ask("keys", "show", "life")["used"]["uses"] == 4
    codes = [await status(served, rotated["secret"]) for _ in range(3)]
    assert codes[:2] == [200, 200]
    assert codes[2] in (401, 403, 429), "a rotation gives no uses back"

    assert served.ask("keys", "revoke", key["id"], "--yes")["state"] == "revoked"
    await until(lambda: status(served, rotated["secret"]), lambda code: code == 401)


async def test_litellm_38351_a_lost_answer_comes_again_until_the_secret_is_used(served: Gateway) -> None:
    served.ask("keys", "create", "lost", "--team", "search", "--create-team")
    rotate = ("keys", "rotate", "lost", "--rotation-id", "deploy-9", "--yes")
    first, *again = await asyncio.gather(*(asyncio.to_thread(served.ask, *rotate) for _ in range(3)))
    assert again == [first, first], "three processes at once: one rotation, one secret"
    assert await status(served, first["secret"]) == 200
    later = await until(lambda: served.ask(*rotate), lambda answer: answer["secret"] is None)
    assert later == first | {"secret": None}
    code, _, err = told(served, *rotate, "-o", "json")
    assert code == 0
    assert "kept nowhere" in err
    assert len(served.ask("keys", "show", "lost")["secrets"]) == 2


async def test_ending_a_grace_cuts_the_old_secrets_streams_and_no_others(served: Gateway) -> None:
    key = served.ask("keys", "create", "cut", "--team", "search", "--create-team")
    rotated = served.ask("keys", "rotate", "cut", "--grace", "1h", "--yes")
    old, new = (asyncio.create_task(stream(served, secret)) for secret in (key["secret"], rotated["secret"]))
    await until(lambda: served.ask("keys", "show", "cut")["in_flight"], lambda flying: flying == 2)
    assert served.ask("keys", "rotate", "--end-grace", "cut", "--yes")[0]["ended"] == [1]
    cut = await asyncio.wait_for(old, 5)
    assert b"[DONE]" not in cut.body
    assert "error" in cut.events[-1], "a well-formed error ends it"
    assert not new.done()
    (row,) = await until(
        lambda: served.ask("keys", "revoke", "cut", "--dry-run"), lambda rows: rows[0]["in_flight"] == 1
    )
    assert "1 call in flight would be cut" in row["would_break"]
    served.ask("keys", "revoke", "cut", "--yes")
    assert b"[DONE]" not in (await asyncio.wait_for(new, 5)).body


async def test_what_the_configuration_declares_is_not_made_and_a_short_lived_key_ends(served: Gateway) -> None:
    code, out, err = told(served, "teams", "create", "billing")
    assert (code, out) == (4, "")
    assert "configuration file declares" in err
    job = served.ask("keys", "create", "job", "--team", "billing", "--service", "nightly", "--ttl", "2s")
    assert await status(served, job["secret"]) == 200
    await until(lambda: status(served, job["secret"]), lambda code: code == 401)
    assert [row["name"] for row in served.ask("keys", "list", "--state", "expired")] == ["job"]


def test_no_secret_is_left_in_the_gateways_log_or_answers(served: Gateway) -> None:
    key = served.ask("keys", "create", "quiet", "--team", "search", "--create-team")
    rotated = served.ask("keys", "rotate", "quiet", "--rotation-id", "q", "--yes")
    secrets = [key["secret"][20:], rotated["secret"][20:]]
    texts = [
        served.running.log.read_text(),
        *(json.dumps(served.ask("keys", *deed)) for deed in (("list",), ("show", "quiet"))),
        told(served, "keys", "revoke", "quiet", "--dry-run")[1],
        told(served, "keys", "export")[1],
        *(path.read_bytes().decode("latin-1") for path in Path(served.home).glob("control.db*")),
    ]  # fmt: skip
    assert not any(secret in text for secret in secrets for text in texts)
