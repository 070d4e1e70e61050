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
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.authority.permissions import RoleName
from gatewatch.errors import NotAllowed, NotFound
from gatewatch.keys import token
from tests.kit.acting import Stage
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


def test_gomodel_one_api_and_new_api_a_new_gateway_has_no_way_in(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("role", ["none", "user", "admin"])
def test_cve_2026_35029_who_is_no_super_admin_changes_no_configuration(tmp_path: Path, role: RoleName) -> None:
    """LiteLLM took `/config/update` from everybody who was logged in."""
    stage = Stage(tmp_path)
    stage.key()
    somebody = Actor(id="somebody", role=role)
    for deed, asked in (
        ("providers.set_key", {"name": "openai", "secret": "sk-mine"}),
        ("roles.set", {"login": "somebody", "role": "super-admin"}),
        ("prices.set", {"row": {}}),
    ):
        with pytest.raises(NotAllowed):
            stage.do(deed, somebody, **asked)
        assert (deed, "denied") in [(action, result) for action, _, result in stage.deeds()]


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "admin", "role": "super-admin"},
        {"kind": "admin", "role": "admin", "all_teams": True},
        {"team": "billing"},
        {"networks": ["0.0.0.0/0"]},
        {"expires_at": 4_000_000_000_000_000},
    ],
    ids=lambda more: " ".join(more),
)
def test_cve_2026_47101_47102_and_40217_a_key_makes_none_that_may_more(tmp_path: Path, more: dict[str, object]) -> None:
    """LiteLLM's `/key/generate` stored `allowed_routes` as they were sent: `/*`, and so on to admin."""
    stage = Stage(tmp_path)
    stage.key("bills", team="billing")
    end = 3_000_000_000_000_000
    boss = stage.key("boss", kind="admin", role="admin", networks=["10.0.0.0/8"], expires_at=end)
    lead = Actor(id=f"key:{boss['id']}", role="admin", team="search", key_id=boss["id"])
    with pytest.raises((NotAllowed, NotFound)):
        stage.do("keys.create", lead, **{"name": "more", "team": "search"} | more)
    made = stage.do("keys.create", lead, name="as-much", team="search")
    assert (made["networks"], made["expires_at"]) == (boss["networks"], boss["expires_at"])


def test_ghsa_qqcv_a_key_of_one_team_finds_nothing_of_another(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    theirs = stage.key("theirs", team="billing")
    boss = stage.key("boss", kind="admin", role="admin")
    lead = Actor(id=f"key:{boss['id']}", role="admin", team="search", key_id=boss["id"])
    for deed in ("keys.show", "keys.rotate", "keys.revoke"):
        for reference in (theirs["id"], "theirs", theirs["id"][:4]):
            with pytest.raises(NotFound):
                stage.do(deed, lead, key=reference)
    assert "theirs" not in str(stage.do("keys.list", lead))
    assert stage.do("keys.show", key="theirs")["state"] == "active"


# where secrets go


@pytest.mark.parametrize("field", ["api_base", "base_url", "api_key", "custom_host"])
def test_litellm_24952_31467_37053_and_32093_a_request_says_not_where_it_goes(served: Gateway, field: str) -> None:
    """Whoever may name the upstream is sent its key."""
    secret = create(served, "elsewhere")["secret"]
    reply = chat(served, secret, **{field: "http://127.0.0.1:9/v1"})
    assert (reply.status, reply.body["error"]["code"]) == (400, "upstream_override")


def test_bifrost_3954_and_litellm_guardrail_headers_a_providers_key_goes_back_to_nobody(tmp_path: Path) -> None:
    """Bifrost handed `x-goog-api-key` on to callers; LiteLLM wrote Authorization headers into its spend logs."""
    with parrot_of_headers() as address:
        with gateway(tmp_path, config(tmp_path, address)) as running:
            secret = create(running, "curious")["secret"]
            reply = chat(running, secret)
            assert reply.status == 200
            assert "sk-of-the-provider" not in str(reply)
            row_of(running, reply)
        kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "provider.key"]
        assert len(kept) > 5
        for path in kept:
            content = path.read_bytes()
            assert b"sk-of-the-provider" not in content, path
            assert secret.encode() not in content, path


@contextmanager
def parrot_of_headers() -> Iterator[str]:
    """A provider that answers well and sends every header of the request back."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            message = {"role": "assistant", "content": "hi"}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            reply = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini"}
            body = json.dumps(reply | {"choices": [choice], "usage": usage}).encode()
            self.send_response(200)
            for name, value in self.headers.items():
                if name.lower() not in ("content-length", "connection", "host", "content-type"):
                    self.send_header(name, value)
            self.send_header("x-goog-api-key", self.headers["authorization"].removeprefix("Bearer "))
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


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
