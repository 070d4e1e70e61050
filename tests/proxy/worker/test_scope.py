"""A key is held to its networks, dialects and routes, on every path, and each no has a code of its own."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gatewatch.control.records import KeyRecord
from proxy.refusal import Refusal
from proxy.settings import Settings
from proxy.worker.scope import check_dialect, check_listing, check_network
from tests.kit.dialect_worker import CALLERS
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.scripted_upstream import answers, chat_reply, http
from tests.kit.worker_process import Worker, make_key, worker_process
from tests.proxy.worker.conftest import PATIENT, Serve, further

CHAT = {"messages": [{"role": "user", "content": "hi"}]}


def key(**lists: tuple[str, ...]) -> KeyRecord:
    return KeyRecord(
        id="kid",
        name="app",
        kind="client",
        team="search",
        project=None,
        environment="live",
        models=None,
        created_at=1,
        created_by="test",
        **lists,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("source", "networks", "allowed"),
    [
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("11.1.2.3", ("10.0.0.0/8",), False),
        ("11.1.2.3", ("10.0.0.0/8", "11.1.2.3/32"), True),
        ("::ffff:10.1.2.3", ("10.0.0.0/8",), True),
        ("::ffff:11.1.2.3", ("10.0.0.0/8",), False),
        ("2001:db8::7", ("2001:db8::/32",), True),
        ("2001:db9::7", ("2001:db8::/32",), False),
        ("10.1.2.3", ("::/0",), False),
        ("2001:db8::7", ("0.0.0.0/0",), False),
        ("fe80::1%eth0", ("fe80::/10",), True),
        ("local", ("0.0.0.0/0", "::/0"), False),
        ("", ("0.0.0.0/0", "::/0"), False),
        ("10.1.2.3, 1.1.1.1", ("0.0.0.0/0",), False),
    ],
)
def test_an_address_lies_in_a_network_or_not(source: str, networks: tuple[str, ...], allowed: bool) -> None:
    check_network(key(), source)
    if allowed:
        check_network(key(networks=networks), source)
        return
    with pytest.raises(Refusal) as refused:
        check_network(key(networks=networks), source)
    assert (refused.value.status, refused.value.code) == (403, "network_not_allowed")
    assert networks[0] not in refused.value.message, "whoever has stolen a key is not told where it would work"


def test_a_dialect_is_on_the_list_or_not() -> None:
    check_dialect(key(), "openai-responses")
    check_dialect(key(dialects=("openai-chat", "openai-responses")), "openai-responses")
    with pytest.raises(Refusal) as refused:
        check_dialect(key(dialects=("openai-chat",)), "openai-responses")
    assert (refused.value.status, refused.value.code) == (403, "dialect_not_allowed")


@pytest.mark.parametrize(
    ("dialects", "form", "allowed"),
    [
        (("openai-responses",), "openai-chat", True),
        (("openai-responses",), "anthropic-messages", False),
        (("anthropic-messages",), "anthropic-messages", True),
        (("anthropic-messages",), "openai-chat", False),
        (("anthropic-messages", "openai-completions"), "openai-chat", True),
    ],
)
def test_openais_form_of_the_list_of_models_is_for_all_of_its_dialects(
    dialects: tuple[str, ...], form: str, allowed: bool
) -> None:
    check_listing(key(), form)
    if allowed:
        check_listing(key(dialects=dialects), form)
        return
    with pytest.raises(Refusal) as refused:
        check_listing(key(dialects=dialects), form)
    assert refused.value.code == "dialect_not_allowed"


# through a whole worker


def _behind_a_proxy(settings: Settings) -> Settings:
    return msgspec.structs.replace(further(settings), trusted_proxies=("127.0.0.0/8",))


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    with worker_process(tmp_path_factory.mktemp("worker"), url, deadlines=PATIENT, change=_behind_a_proxy) as worker:
        yield worker
        assert "Traceback" not in worker.log, worker.log


class Caller:
    """Somebody with a key of these lists."""

    def __init__(self, worker: Worker, **lists: Any) -> None:
        self._port = worker.port
        self.id, secret = make_key(worker.home, "limited", **lists)
        self._headers = {"Authorization": f"Bearer {secret}"}

    async def post(self, endpoint: str, headers: dict[str, str] | None = None, **changed: Any) -> RawReply:
        path, least = CALLERS[endpoint]
        body = json.dumps({"model": "chat"} | least | changed).encode()
        return await ask(self._port, request("POST", path, body, self._headers | (headers or {})))

    async def get(self, path: str, headers: dict[str, str] | None = None) -> RawReply:
        return await ask(self._port, request("GET", path, b"", self._headers | (headers or {})))


def code(reply: RawReply) -> tuple[int, str]:
    """Status and code, in whichever dialect the error is told."""
    error = reply.json["error"]
    if reply.json.get("type") == "error":
        assert error["type"] == "permission_error"
        return reply.status, error["details"]["error_code"]
    assert error["type"] == "permission_error"
    return reply.status, error["code"]


@pytest.mark.parametrize("endpoint", CALLERS)
async def test_a_call_from_elsewhere_is_refused_in_every_dialect(worker: Worker, serve: Serve, endpoint: str) -> None:
    """The nearest address that is not a trusted proxy's counts; what stands left of it may be made up."""
    caller = Caller(worker, networks=("192.0.2.0/24",))
    async with serve(answers()) as upstream:
        for forwarded in ("198.51.100.7", "192.0.2.1, 198.51.100.7", ""):
            reply = await caller.post(endpoint, {"X-Forwarded-For": forwarded})
            assert code(reply) == (403, "network_not_allowed")
    assert upstream.requests == []


async def test_a_call_from_one_of_its_networks_is_served(worker: Worker, serve: Serve) -> None:
    caller = Caller(worker, networks=("192.0.2.0/24",))
    async with serve(answers(http(200, chat_reply()))):
        reply = await caller.post("chat", {"X-Forwarded-For": "198.51.100.7, 192.0.2.9"})
    assert reply.status == 200
    assert (await caller.get("/v1/models", {"X-Forwarded-For": "192.0.2.9"})).status == 200
    assert code(await caller.get("/v1/models", {"X-Forwarded-For": "198.51.100.7"})) == (403, "network_not_allowed")


async def test_the_row_says_from_where_a_key_was_tried(worker: Worker) -> None:
    caller = Caller(worker, networks=("192.0.2.0/24",))
    reply = await caller.post("chat", {"X-Forwarded-For": "198.51.100.7"})
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert (row["status"], row["key_id"], row["source"]) == ("blocked", caller.id, "198.51.100.7")
    assert "198.51.100.7 is in none of 192.0.2.0/24" in row["error_message"]


SPOKEN_AT = {
    "chat": "openai-chat",
    "completions": "openai-completions",
    "responses": "openai-responses",
    "messages": "anthropic-messages",
    "count_tokens": "anthropic-messages",
    "embeddings": "openai-chat",
}


@pytest.mark.parametrize("endpoint", CALLERS)
async def test_a_key_for_one_dialect_speaks_no_other(worker: Worker, endpoint: str) -> None:
    own = SPOKEN_AT[endpoint]
    others = tuple(sorted(set(SPOKEN_AT.values()) - {own}))
    assert code(await Caller(worker, dialects=others).post(endpoint)) == (403, "dialect_not_allowed")
    reply = await Caller(worker, dialects=(own,)).post(endpoint, model="no-such-model")
    assert reply.status == 404, "it got as far as its model"


async def test_the_form_of_a_list_of_models_goes_by_the_dialects(worker: Worker) -> None:
    caller = Caller(worker, dialects=("anthropic-messages",))
    anthropic = {"anthropic-version": "2023-06-01"}
    assert (await caller.get("/v1/models", anthropic)).status == 200
    assert code(await caller.get("/v1/models")) == (403, "dialect_not_allowed")
    assert code(await Caller(worker, dialects=("openai-responses",)).get("/v1/models", anthropic))[0] == 403


@pytest.mark.parametrize("endpoint", CALLERS)
async def test_a_key_for_one_route_takes_no_other(worker: Worker, endpoint: str) -> None:
    caller = Caller(worker, routes=("hasty", "openai/gpt-4o"))
    for model in ("chat", "openai/gpt-4o-mini", "gpt-4o-mini"):
        assert code(await caller.post(endpoint, model=model)) == (403, "route_not_allowed")


async def test_a_name_leads_where_the_list_of_routes_allows(worker: Worker, serve: Serve) -> None:
    """A bare name is the `provider/model` that it leads to."""
    caller = Caller(worker, routes=("hasty", "openai/gpt-4o"))
    async with serve(answers(*[http(200, chat_reply())] * 3)):
        for model in ("hasty", "openai/gpt-4o", "gpt-4o"):
            assert (await caller.post("chat", model=model)).status == 200


async def test_both_lists_hold_where_a_key_has_both(worker: Worker) -> None:
    caller = Caller(worker, routes=("hasty",), models=("chat",))
    assert code(await caller.post("chat", model="chat")) == (403, "route_not_allowed")
    assert code(await caller.post("chat", model="hasty")) == (403, "model_not_allowed")


async def test_only_models_of_its_routes_are_listed(worker: Worker) -> None:
    caller = Caller(worker, routes=("hasty", "openai/gpt-4o", "openai/not-a-model"))
    listed = [entry["id"] for entry in (await caller.get("/v1/models")).json["data"]]
    assert listed[:2] == ["hasty", "openai/gpt-4o"]
    assert "chat" not in listed
    assert (await caller.get("/v1/models/hasty")).status == 200
    for other in ("chat", "openai/gpt-4o-mini"):
        assert (await caller.get(f"/v1/models/{other}")).status == 404
    of_both = Caller(worker, routes=("hasty",), models=("hasty", "chat"))
    assert [entry["id"] for entry in (await of_both.get("/v1/models")).json["data"]] == ["hasty"]


async def test_a_list_of_routes_holds_for_further_models_in_the_body(worker: Worker) -> None:
    caller = Caller(worker, routes=("nobody", "refusing/gpt-4o"))
    reply = await caller.post("chat", model="nobody", models=["gpt-5-pro"])
    assert code(reply) == (403, "route_not_allowed")
    assert reply.json["error"]["param"] == "models"
    for allowed in ("gpt-4o", "gpt-4o-mini"):
        assert (await caller.post("chat", model="nobody", models=[allowed])).status == 502, "nobody listens there"


def test_every_dialect_of_these_tests_is_one_that_keys_know() -> None:
    from gatewatch.control.key_scope import CALLER_DIALECTS

    assert set(SPOKEN_AT.values()) == set(CALLER_DIALECTS)
