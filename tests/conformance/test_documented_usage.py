"""Each provider's documented reply gives the documented token classes and the exact cost, through a whole worker.

The replies, what they used and what that costs stand in `documented/`, by the vendors' pages; an upstream says them,
plain and streamed, to a worker that was set up from the providers' presets. What is judged is the journal, and what a
caller of another dialect is told.
"""

import json
import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from gatewatch.config.loading import load
from gatewatch.paths import Home
from gatewatch.providers.catalogue import presets
from proxy.control.settings_compile import compile_settings
from proxy.settings import Settings
from tests.conformance.documented import anthropic, bedrock, google, kin, openai
from tests.conformance.documented.broken import BROKEN
from tests.conformance.documented.reply import BODIES, Documented
from tests.kit.scripted_upstream import answers, http, scripted_upstream
from tests.kit.worker_process import PEPPER, Worker, worker_process

CASES = [*openai.CASES, *anthropic.CASES, *google.CASES, *bedrock.CASES, *kin.CASES]
GENERATED = [case for case in CASES if case.endpoint not in ("/v1/embeddings", "/v1/completions")]
OTHERS = {
    "/v1/chat/completions": "openai-chat",
    "/v1/messages": "anthropic-messages",
    "/v1/responses": "openai-responses",
}
CLASSES = (
    "input_uncached",
    "input_cache_read",
    "input_cache_write_5m",
    "input_cache_write_1h",
    "input_audio",
    "input_image",
    "output",
    "output_reasoning",
    "output_audio",
)
INPUTS = CLASSES[:6]
HOSTED = frozenset({"tools", "speed", "inference_geo", "service_tier"})
"""What only the provider's own dialect can be asked, or asks for in its own words."""


@pytest.fixture(scope="module")
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def from_presets(folder: Path, port: int) -> Settings:
    """What a worker is told of a configuration with presets, each in one dialect, at one address on this machine."""
    common = {"base_url": f"http://127.0.0.1:{port}", "api_key": "none", "auth": "key", "allow_private": True}
    used = {(case.provider, case.dialect) for case in CASES}
    providers = {f"{preset}-{dialect}": {"preset": preset, "dialect": dialect, **common} for preset, dialect in used}
    file = folder / "gatewatch.yaml"
    file.write_text(json.dumps({"providers": providers}))
    return compile_settings(load(file, {}), Home(folder), PEPPER.hex(), lambda _: None)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("documented")
    settings = from_presets(folder, listening.getsockname()[1])
    with worker_process(folder, "", change=lambda _: settings) as worker:
        yield worker
        assert "Traceback" not in worker.log, worker.log[-2000:]


class Told:
    """What became of one call: its records, and what its caller got."""

    def __init__(self, records: list[dict[str, Any]], reply: httpx.Response) -> None:
        (self.close,) = [record for record in records if record["k"] == "close"]
        (self.attempt,) = [record for record in records if record["k"] == "attempt"]
        self.reply = reply
        self.cost = self.close.get("cost_picos", 0), self.close.get("cost_basis", "computed")
        self.tokens = {name: count for name in CLASSES if (count := self.close.get(f"{name}_tokens", 0))}


async def call(worker: Worker, listening: socket.socket, case: Documented, endpoint: str, *, stream: bool) -> Told:
    """Ask for the case's reply at an endpoint of ours."""
    asked = case.asked if endpoint == case.endpoint else {k: v for k, v in case.asked.items() if k not in HOSTED}
    body = {**BODIES[endpoint], "model": f"{case.provider}-{case.dialect}/{case.model}", **asked}
    if stream:
        assert case.stream
        body["stream"] = True
        if endpoint in ("/v1/chat/completions", "/v1/completions"):
            body["stream_options"] = {"include_usage": True}
        said, content_type = case.stream(case.reply), case.stream_type
    else:
        said, content_type = json.dumps(case.reply).encode(), "application/json"
    fields = [f"{name}: {value}" for name, value in case.headers.items()]
    script = answers(http(200, said, *fields, "connection: close", content_type=content_type))
    async with scripted_upstream(script, listening=listening):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{worker.port}", headers=worker.headers) as client:
            reply = await client.post(endpoint, json=body)
        assert reply.status_code == 200, reply.text
        call_id = reply.headers["x-gatewatch-call-id"]
        await worker.closed(call_id=call_id)
    return Told(worker.records_of(call_id=call_id), reply)


def picos(usd: str | None) -> int | None:
    return None if usd is None else int(Decimal(usd) * 10**12)


def by_name(case: Documented) -> str:
    return f"{case.provider}: {case.name}"


def manners(cases: list[Documented]) -> list[Any]:
    return [
        pytest.param(case, stream, id=f"{by_name(case)}, {'streamed' if stream else 'plain'}")
        for case in cases
        for stream in (False, True)
        if case.stream or not stream
    ]


@pytest.mark.parametrize(("case", "stream"), manners(CASES))
async def test_a_documented_reply_costs_what_its_page_says(
    worker: Worker, listening: socket.socket, case: Documented, stream: bool
) -> None:
    told = await call(worker, listening, case, case.endpoint, stream=stream)
    close = told.close
    assert (close["status"], close.get("http_status")) == ("ok", 200)
    assert told.tokens == case.tokens
    assert told.cost == (picos(case.cost), case.basis)
    assert close["usage"] == case.said
    assert close.get("finish_reason") == case.finish
    assert close.get("served_model", "") == (case.model if case.served is None else case.served)
    assert told.attempt.get("upstream_request_id") == case.request_id
    assert (close.get("price_row") is None) == (case.basis == "unpriced")


@pytest.mark.parametrize(("case", "stream"), manners([case for case in GENERATED if not HOSTED & case.asked.keys()]))
async def test_a_caller_of_another_dialect_is_told_what_the_ledger_says(
    worker: Worker, listening: socket.socket, case: Documented, stream: bool
) -> None:
    for endpoint in (each for each, dialect in OTHERS.items() if dialect != case.dialect):
        told = await call(worker, listening, case, endpoint, stream=stream)
        assert told.tokens == case.tokens
        assert told.cost == (picos(case.cost), case.basis)
        assert told.close["usage"] == case.said
        counted = {name: case.tokens.get(name, 0) for name in CLASSES}
        assert WORDS[endpoint](usage_in(told.reply, stream)) == (
            sum(counted[name] for name in INPUTS),
            counted["input_cache_read"],
            counted["input_cache_write_5m"] + counted["input_cache_write_1h"],
            counted["output"],
            counted["output_reasoning"],
        )


def usage_in(reply: httpx.Response, stream: bool) -> dict[str, Any]:
    """The last usage object that a caller is told."""
    if not stream:
        usage: dict[str, Any] = reply.json()["usage"]
        return usage
    found: dict[str, Any] = {}
    for line in reply.text.splitlines():
        if line.startswith("data: {"):
            said = json.loads(line.removeprefix("data: "))
            found = said.get("usage") or (said.get("response") or {}).get("usage") or found
    return found


def in_chat(usage: dict[str, Any]) -> tuple[int, ...]:
    """OpenAI: all of the input, of which cached, of which written, all of the output, of which reasoning."""
    inside, outside = usage["prompt_tokens_details"], usage["completion_tokens_details"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    cached, written = inside["cached_tokens"], inside.get("cache_write_tokens", 0)
    return usage["prompt_tokens"], cached, written, usage["completion_tokens"], outside["reasoning_tokens"]


def in_responses(usage: dict[str, Any]) -> tuple[int, ...]:
    inside, outside = usage["input_tokens_details"], usage["output_tokens_details"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    cached, written = inside["cached_tokens"], inside.get("cache_write_tokens", 0)
    return usage["input_tokens"], cached, written, usage["output_tokens"], outside["reasoning_tokens"]


def in_messages(usage: dict[str, Any]) -> tuple[int, ...]:
    """Anthropic: the three parts of the input stand side by side."""
    read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
    thinking = usage.get("output_tokens_details", {}).get("thinking_tokens", 0)
    return usage["input_tokens"] + read + written, read, written, usage["output_tokens"], thinking


WORDS = {"/v1/chat/completions": in_chat, "/v1/responses": in_responses, "/v1/messages": in_messages}


@pytest.mark.parametrize(("case", "stream"), manners(BROKEN))
async def test_usage_that_breaks_its_own_rules_is_kept_and_estimated(
    worker: Worker, listening: socket.socket, case: Documented, stream: bool
) -> None:
    told = await call(worker, listening, case, case.endpoint, stream=stream)
    close = told.close
    assert close["status"] == "ok"
    assert close.get("usage") == (case.said if isinstance(case.said, dict) else None), "what is no object is none"
    assert told.tokens == case.tokens
    assert told.cost == (picos(case.cost), "estimated")


def test_every_preset_with_a_usage_object_of_its_own_is_here() -> None:
    """A new preset comes with its documented reply. The rest resell others' or are ours."""
    resellers = {"crazyrouter", "tokenmix", "litellm", "portkey", "sandbox"}
    assert presets().keys() - resellers == {case.provider for case in CASES}
