"""Whether a key works is found out at its provider, as cheaply as that can be known."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from gatewatch.errors import GatewatchError
from gatewatch.rotation.parts import ProbeFailed
from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from proxy.settings import Provider, ProviderKey, Way
from proxy.trial import probe as probing
from proxy.trial.probe import Probe
from tests.kit.scripted_upstream import Conversation, Received, scripted_upstream

SECRET = "canary-of-a-key-with-no-known-shape"
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "model": "gpt-4o-mini",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options())
    yield running
    await running.close()


def probe(
    url: str,
    folder: Path,
    *,
    dialect: str = "openai-chat",
    allow_private: bool = True,
    targets: Sequence[str] = ("gpt-4o-mini",),
) -> Probe:
    def compiled(secret: str) -> Provider:
        return Provider(
            name="p",
            ways=(Way(dialect=dialect, base_url=url),),
            keys=(ProviderKey(id="k", secret=secret),),
            price_provider="openai",
            allow_private=allow_private,
        )

    return Probe(compiled, targets, folder / "control.db")


def script(answer: Callable[[Received], tuple[int, object]]) -> Callable[[Conversation], object]:
    async def speak(conversation: Conversation) -> None:
        while True:
            status, body = answer(await conversation.request())
            content = json.dumps(body).encode()
            head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
            conversation.send(head.encode() + content)

    return speak


async def test_a_key_with_which_models_are_listed_is_good_and_no_call_is_made(sandbox: Sandbox, tmp_path: Path) -> None:
    await probe(f"{sandbox.url}/v1", tmp_path).probe(SECRET)
    seen = json.loads(sandbox.stats.report())["last"]
    assert [(request["method"], request["target"]) for request in seen] == [("GET", "/v1/models")] * 2
    assert ["authorization" in request["headers"] for request in seen] == [True, False]


@pytest.mark.parametrize("dialect", ["openai-chat", "anthropic-messages", "gemini"])
async def test_a_key_that_is_refused_is_told_in_the_providers_words_without_it(
    dialect: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    url = f"{sandbox.url}/v1" if dialect == "openai-chat" else sandbox.url
    with pytest.raises(ProbeFailed, match="answered the new key with 4") as refused:
        await probe(url, tmp_path, dialect=dialect).probe(f"bad-{SECRET}")
    assert SECRET not in str(refused.value)
    assert not refused.value.for_now


async def test_a_list_that_anybody_gets_proves_nothing_so_a_call_is_made(tmp_path: Path) -> None:
    def answer(request: Received) -> tuple[int, object]:
        if request.line.startswith("GET"):
            return 200, {"data": [{"id": "gpt-4o-mini"}]}
        good = request.headers.get("authorization") == f"Bearer {SECRET}"
        return (200, ANSWER) if good else (401, {"error": {"message": "No such key", "code": "invalid_api_key"}})

    async with scripted_upstream(script(answer)) as upstream:  # type: ignore[arg-type]
        await probe(upstream.url, tmp_path).probe(SECRET)
        assert [request.line.split()[0] for request in upstream.requests] == ["GET", "GET", "POST"]
        with pytest.raises(ProbeFailed, match="No such key"):
            await probe(upstream.url, tmp_path).probe("another")


@pytest.mark.parametrize("status", [429, 500, 503, 400, 302])
async def test_a_list_that_nobody_is_refused_for_want_of_a_key_proves_nothing(status: int, tmp_path: Path) -> None:
    """It may be the answer to anybody who asks too often."""

    def answer(request: Received) -> tuple[int, object]:
        if request.line.startswith("GET"):
            return (200, {"data": []}) if "authorization" in request.headers else (status, {"error": {"message": "x"}})
        return 401, {"error": {"message": "No such key", "code": "invalid_api_key"}}

    async with scripted_upstream(script(answer)) as upstream:  # type: ignore[arg-type]
        with pytest.raises(ProbeFailed, match="No such key"):
            await probe(upstream.url, tmp_path).probe(SECRET)


async def test_a_key_that_may_make_calls_but_not_list_models_is_good(tmp_path: Path) -> None:
    def answer(request: Received) -> tuple[int, object]:
        missing = "You have insufficient permissions for this operation. Missing scopes: api.model.read."
        return (403, {"error": {"message": missing}}) if request.line.startswith("GET") else (200, ANSWER)

    async with scripted_upstream(script(answer)) as upstream:  # type: ignore[arg-type]
        await probe(upstream.url, tmp_path).probe(SECRET)


async def test_where_no_model_is_known_to_try_it_with_the_operator_is_told_to_name_one(tmp_path: Path) -> None:
    def answer(request: Received) -> tuple[int, object]:
        return (
            (404, {}) if request.line.startswith("GET") and request.headers.get("authorization") is None else (200, {})
        )

    async with scripted_upstream(script(answer)) as upstream:  # type: ignore[arg-type]
        with pytest.raises(ProbeFailed, match="no model is known to try it with") as failed:
            await probe(upstream.url, tmp_path, targets=[]).probe(SECRET)
    assert "the target p/MODEL" in failed.value.next_step


async def test_a_provider_without_a_list_is_called(tmp_path: Path) -> None:
    def answer(request: Received) -> tuple[int, object]:
        return (404, {"error": {"message": "no such page"}}) if request.line.startswith("GET") else (200, ANSWER)

    async with scripted_upstream(script(answer)) as upstream:  # type: ignore[arg-type]
        await probe(upstream.url, tmp_path).probe(SECRET)


@pytest.mark.parametrize(("status", "for_now"), [(429, True), (500, True), (503, True), (403, False), (402, False)])
async def test_what_may_be_otherwise_the_next_time_is_told_apart(status: int, for_now: bool, tmp_path: Path) -> None:
    async with scripted_upstream(script(lambda _: (status, {"error": {"message": "x"}}))) as upstream:  # type: ignore[arg-type]
        with pytest.raises(ProbeFailed) as failed:
            await probe(upstream.url, tmp_path).probe(SECRET)
    assert failed.value.for_now is for_now


async def test_a_provider_that_says_nothing_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "DEADLINE_SECONDS", 0.05)

    async def silent(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.gone()

    async with scripted_upstream(silent) as upstream:
        with pytest.raises(ProbeFailed) as failed:
            await probe(upstream.url, tmp_path).probe(SECRET)
    assert failed.value.for_now


async def test_the_key_goes_only_where_calls_may_go(tmp_path: Path) -> None:
    async with scripted_upstream(script(lambda _: (200, {}))) as upstream:  # type: ignore[arg-type]
        with pytest.raises(ProbeFailed, match="not a public address"):
            await probe(upstream.url, tmp_path, allow_private=False).probe(SECRET)
        assert upstream.requests == []


async def test_a_key_that_no_header_can_carry_fails_without_a_request(tmp_path: Path) -> None:
    def compiled(_: str) -> Provider:
        raise GatewatchError("a key that no header can carry", "printable ASCII")

    with pytest.raises(ProbeFailed, match="no header can carry"):
        await Probe(compiled, [], tmp_path / "control.db").probe("ключ")
