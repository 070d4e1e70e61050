"""The published key mistakes of other gateways, by name, tried on a whole running gateway.

Sources: the issues, pull requests and advisories that each test names (BerriAI/litellm, maximhq/bifrost,
QuantumNous/new-api, ENTERPILOT/GoModel).
"""

import asyncio
import base64
import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gatewatch.keys import token
from tests.kit.running import ROOT, Gateway, gateway, sandbox
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

CONFIG = """\
vault: file
providers:
  sandbox: {{dialect: openai-chat, base_url: "{sandbox}/v1", api_key: "file:{key}", allow_private: true}}
models:
  chat: {{targets: [sandbox/gpt-4o-mini]}}
  other: {{targets: [sandbox/gpt-4o]}}
"""


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("peers")
    with sandbox(folder) as provider, gateway(folder, config(folder, provider.listen)) as running:
        yield running


def config(folder: Path, provider: str) -> str:
    key = folder / "provider.key"
    key.write_text("sk-of-the-provider")
    key.chmod(0o600)
    return CONFIG.format(sandbox=provider, key=key)


def send(served: Gateway, method: str, path: str, body: object = None, **headers: str) -> Reply:
    host = served.running.listen.removeprefix("http://")
    connection = HTTPConnection(host, timeout=20)
    try:
        data = None if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, data, {"Content-Type": "application/json"} | named)
        response = connection.getresponse()
        said = response.read()
        is_json = response.getheader("content-type", "").startswith("application/json")
        told = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, told, json.loads(said) if is_json else said)
    finally:
        connection.close()


def chat(served: Gateway, secret: str, **fields: object) -> Reply:
    body = {"model": "chat", "messages": [{"role": "user", "content": "hi"}]} | fields
    return send(served, "POST", "/v1/chat/completions", body, Authorization=f"Bearer {secret}")


def create(served: Gateway, name: str, *options: str) -> dict[str, Any]:
    made: dict[str, Any] = served.ask("keys", "create", name, "--team", "search", "--create-team", *options)
    return made


def rotate(served: Gateway, key: str, *options: str) -> dict[str, Any]:
    rotated: dict[str, Any] = served.ask("keys", "rotate", key, "--yes", *options)
    return rotated


def row_of(served: Gateway, reply: Reply) -> dict[str, Any]:
    """The ledger's row of a call, when it is there."""
    call_id = reply.headers["x-gatewatch-call-id"]

    def found() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = served.ask("show", "calls", "--limit", "500")
        return [row for row in rows if row["call_id"] == call_id]

    rows: list[dict[str, Any]] = asyncio.run(until(found, bool))
    return rows[0]


# rotation


def test_litellm_27193_and_35797_an_old_key_works_until_its_grace_is_over(served: Gateway) -> None:
    made = create(served, "graced")
    rotated = rotate(served, made["id"], "--grace", "10m")
    assert rotated["secret"] != made["secret"]
    assert [chat(served, secret).status for secret in (made["secret"], rotated["secret"])] == [200, 200]
    again = rotate(served, made["id"], "--grace", "0s")
    for old in (rotated["secret"], made["secret"]):  # no grace: nothing old is good any more
        asyncio.run(until(lambda: chat(served, old).status, lambda status: status == 401, seconds=1))  # noqa: B023
    assert chat(served, again["secret"]).status == 200


def test_litellm_31079_rotation_does_not_give_back_what_was_used_up(served: Gateway) -> None:
    made = create(served, "counted", "--max-uses", "3")
    assert [chat(served, made["secret"]).status for _ in range(2)] == [200, 200]
    new = rotate(served, made["id"])["secret"]
    assert [chat(served, new).status for _ in range(2)] == [200, 401]
    assert chat(served, made["secret"]).status == 401


def test_litellm_31310_and_12448_rotation_keeps_identity_team_and_project(served: Gateway) -> None:
    made = create(served, "same-one", "--project", "ranker")
    before = row_of(served, chat(served, made["secret"]))
    rotated = rotate(served, "same-one")
    after = row_of(served, chat(served, rotated["secret"]))
    kept = ("key_id", "key_name", "team", "project")
    assert (
        [after[name] for name in kept]
        == [before[name] for name in kept]
        == [made["id"], "same-one", "search", "ranker"]
    )
    assert rotated["id"] == made["id"]


def test_litellm_38351_a_rotation_whose_answer_was_lost_can_be_asked_for_again(served: Gateway) -> None:
    made = create(served, "lost-answer")
    first = rotate(served, made["id"], "--rotation-id", "deploy-17")
    second = rotate(served, made["id"], "--rotation-id", "deploy-17")
    assert first["secret"] == second["secret"], "one rotation, one secret"
    with sqlite3.connect(served.home / "control.db") as store:
        (versions,) = store.execute("SELECT count(*) FROM key_secrets WHERE key_id = ?", (made["id"],)).fetchone()
    assert versions == 2
    assert [chat(served, secret).status for secret in (made["secret"], second["secret"])] == [200, 200]


# what is stored, and what is taken for a key


def test_litellm_10601_a_thief_of_the_store_cannot_test_keys_that_he_guesses(served: Gateway) -> None:
    secret = create(served, "hashed")["secret"]
    content = (served.home / "control.db").read_bytes() + (served.home / "control.db-wal").read_bytes()
    for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.sha512):
        for text in (secret, secret[12:], secret[20:63]):
            made = digest(text.encode())
            assert made.digest() not in content
            assert made.hexdigest().encode() not in content


def test_ghsa_69x8_what_is_stored_of_a_key_is_no_key(served: Gateway) -> None:
    made = create(served, "passed-hash")
    with sqlite3.connect(served.home / "control.db") as store:
        (stored,) = store.execute("SELECT digest FROM key_secrets WHERE kid = ?", (made["id"],)).fetchone()
    for text in (stored.hex(), base64.b64encode(stored).decode(), made["id"], f"gwk_sk_live_{made['id']}"):
        assert chat(served, text).status == 401
    assert chat(served, made["secret"]).status == 200


@pytest.mark.parametrize(
    "text",
    [
        "' OR '1'='1",
        "gwk_sk_live_' OR 1=1 --",
        "x'; DROP TABLE virtual_keys; --",
        "sk-1234' UNION SELECT digest FROM key_secrets --",
        '"; SELECT * FROM virtual_keys; --',
    ],
)
def test_cve_2026_42208_sql_in_a_key_is_a_wrong_key(served: Gateway, text: str) -> None:
    secret = create(served, "beside-sql")["secret"]
    assert chat(served, text).status == 401
    assert chat(served, secret).status == 200


def test_cve_2026_35030_two_keys_with_a_common_beginning_are_two_keys(served: Gateway) -> None:
    """LiteLLM kept what it had verified under the first 20 characters."""
    secret = create(served, "cached")["secret"]
    assert chat(served, secret).status == 200
    body = secret[:-6]
    for place in (20, 40, 62):
        other = body[:place] + ("A" if body[place] != "A" else "B") + body[place + 1 :]
        forged = other + token._checksum(other)
        assert token.parse(forged) == token.parse(secret)
        assert chat(served, forged).status == 401


def test_gomodel_and_new_api_a_new_gateway_has_no_way_in(tmp_path: Path) -> None:
    with gateway(tmp_path, config(tmp_path, "http://127.0.0.1:9")) as fresh:
        for secret in ("", "sk-1234", "root", "123456", "admin", "none", "null", "undefined"):
            assert chat(fresh, secret).status == 401
        assert send(fresh, "POST", "/v1/chat/completions", {}, Authorization="Basic cm9vdDoxMjM0NTY=").status == 401
        assert send(fresh, "GET", "/v1/models").status == 401


def test_bifrost_a_call_without_a_key_skips_nothing_on_any_endpoint(served: Gateway) -> None:
    for path in ("chat/completions", "completions", "responses", "embeddings", "messages", "messages/count_tokens"):
        reply = send(served, "POST", f"/v1/{path}", {"model": "chat", "input": "hi", "prompt": "hi", "messages": []})
        assert reply.status == 401, path


def test_bifrost_a_list_of_models_holds_for_every_model_that_a_body_names(served: Gateway) -> None:
    secret = create(served, "listed", "--models", "chat")["secret"]
    assert chat(served, secret).status == 200
    assert chat(served, secret, model="other").status == 403
    assert chat(served, secret, models=["chat", "other"]).status == 403


# who may administrate


def test_bifrost_518_nothing_administrates_on_the_port_of_the_apps(served: Gateway) -> None:
    secret = create(served, "curious")["secret"]
    for path in (
        "/v1/actions/keys.create",
        "/v1/live",
        "/config/update",
        "/key/generate",
        "/api/governance/virtual-keys",
    ):
        for headers in ({}, {"Authorization": f"Bearer {secret}"}):
            assert send(served, "POST", path, {"name": "mine", "team": "search"}, **headers).status in (401, 404)
    assert not any(key["name"] == "mine" for key in served.ask("keys", "list"))


def test_bifrost_518_the_control_plane_listens_on_no_network_by_default(served: Gateway) -> None:
    assert str(served.running.ready["control"]).startswith("unix:")
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                listening.add(fields[9])
    mine = set()
    for pid in (served.running.ready["pid"], *served.running.ready["workers"]):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            link = str(descriptor.readlink()) if descriptor.is_symlink() else ""
            if link.startswith("socket:["):
                mine.add(link[8:-1])
    assert len(listening & mine) == 1, "the data plane's, and no other"


def test_an_admin_key_makes_no_calls_and_a_client_key_administrates_nothing(served: Gateway) -> None:
    admin = create(served, "boss", "--kind", "admin")["secret"]
    assert chat(served, admin).status == 403


# when things fail


def test_litellm_26886_and_38121_a_store_that_is_gone_turns_no_key_into_401(served: Gateway) -> None:
    secret = create(served, "during-outage")["secret"]
    assert chat(served, secret).status == 200
    with sqlite3.connect(served.home / "control.db", isolation_level=None) as locker:
        locker.execute("BEGIN EXCLUSIVE")
        assert chat(served, secret).status == 200
        assert chat(served, secret[:-1] + "0").status == 401
        locker.execute("ROLLBACK")


def test_a_key_given_as_an_argument_is_not_repeated(served: Gateway) -> None:
    secret = create(served, "typed")["secret"]
    done = subprocess.run(
        [sys.executable, "-m", "gatewatch", "keys", "revoke", secret[:-1], "--yes", "--home", str(served.home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert secret[20:60] not in done.stdout + done.stderr
