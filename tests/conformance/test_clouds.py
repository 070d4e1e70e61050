"""Bedrock, Vertex and Azure from the configuration to the wire: real processes and the apps' own SDKs.

The doors behind the gateway check AWS's signatures, Google's tokens and Azure's key as those clouds do.
"""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest

from proxy.sandbox.bedrock_manners import SECRET_KEY
from tests.kit.forgiving import FORGIVING
from tests.kit.running import Gateway, Running, gateway, sandbox
from tests.kit.token_server import TokenServer, token_server

CONFIG = """\
vault: file
providers:
  signed: {{{signs}, api_key: "file:{keys}/aws"}}
  session: {{{signs}, api_key: "file:{keys}/session"}}
  chain: {{{signs}}}
  misread: {{{signs}, api_key: "file:{keys}/misread"}}
  keyed: {{allow_private: true, preset: bedrock, base_url: "{sandbox}", api_key: "file:{keys}/key"}}
  unkeyed: {{allow_private: true, preset: bedrock, base_url: "{sandbox}", api_key: "file:{keys}/bad"}}
  vertex: {{allow_private: true, preset: vertex, base_url: "{google}", api_key: "file:{keys}/account"}}
  stranger: {{allow_private: true, preset: vertex, base_url: "{google}", api_key: "file:{keys}/stranger"}}
  azure: {{allow_private: true, preset: azure, base_url: "{sandbox}/openai/v1", api_key: "file:{keys}/key"}}
  deployed:
    allow_private: true
    preset: azure
    base_url: "{sandbox}/openai/deployments/{{model}}"
    query: api-version=2024-10-21
    key_header: api-key
    api_key: "file:{keys}/key"
  locked: {{allow_private: true, preset: azure, base_url: "{sandbox}/openai/v1", api_key: "file:{keys}/bad"}}
models:
  safe: {{targets: [misread/x, signed/amazon.nova-lite-v1:0]}}
"""

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
PROFILE = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{CLAUDE}"
MODELS = {
    "signed": CLAUDE,
    "session": CLAUDE,
    "chain": PROFILE,
    "keyed": "amazon.nova-lite-v1:0",
    "vertex": "gemini-2.5-flash",
    "azure": "gpt-4o",
    "deployed": "gpt-4o",
}
REFUSED = {"misread": "x", "unkeyed": "x", "stranger": "gemini-2.5-flash", "locked": "gpt-4o"}
HELLO: Any = [{"role": "user", "content": "hi"}]
WEATHER: Any = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


class Clouds:
    """The gateway, what is behind it, and a key to it."""

    def __init__(self, gateway: Gateway, provider: Running, tokens: TokenServer) -> None:
        self.gateway = gateway
        self.provider = provider
        self.tokens = tokens
        self.key = gateway.key("app")
        self.openai = openai.OpenAI(base_url=gateway.base_url, api_key=self.key, max_retries=0)
        self.anthropic = anthropic.Anthropic(base_url=gateway.running.listen, api_key=self.key, max_retries=0)

    def seen(self, text: str) -> dict[str, Any]:
        """The last request that reached a provider; it said `text`."""
        last = httpx.get(f"{self.provider.listen}/__sandbox/stats?last=200").json()["last"]
        return [each for each in last if text in json.dumps(each["body"])][-1]


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clouds]:
    folder = tmp_path_factory.mktemp("clouds")
    with pytest.MonkeyPatch.context() as patch, token_server() as tokens, sandbox(folder) as provider:
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
        patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        patch.setenv("AWS_PROFILE", "work")
        stranger = json.loads(tokens.service_account) | {"client_email": "stranger@example.com"}
        for name, text in {
            "aws": f"AKIASANDBOX000000000:{SECRET_KEY}",
            "session": f"ASIASANDBOX000000000:{SECRET_KEY}:a+session/token:of==colons",
            "misread": f"AKIASANDBOX000000000:{SECRET_KEY[::-1]}",
            "credentials": f"[work]\naws_access_key_id=AKIASANDBOX000000001\naws_secret_access_key={SECRET_KEY}\n",
            "key": "canary-of-a-key",
            "bad": "bad-canary-of-a-key",
            "account": tokens.service_account,
            "stranger": json.dumps(stranger),
        }.items():
            file = folder / name
            file.write_text(text)
            file.chmod(0o600)
        google = f"{provider.listen}/v1/projects/p/locations/global/publishers/google"
        signs = f'allow_private: true, preset: bedrock, base_url: "{provider.listen}", region: eu-west-1, auth: sigv4'
        config = CONFIG.format(sandbox=provider.listen, keys=folder, google=google, signs=signs)
        with gateway(folder, config, module=FORGIVING) as it:
            found = Clouds(it, provider, tokens)
            yield found
            found.openai.close()
            found.anthropic.close()


def ask(clouds: Clouds, provider: str, text: str = "hi", **more: Any) -> Any:
    said: Any = [{"role": "user", "content": text}]
    model = f"{provider}/{(MODELS | REFUSED)[provider]}"
    return clouds.openai.chat.completions.create(model=model, messages=said, **more)


def joined(chunks: Any) -> tuple[str, str | None, Any, dict[int, list[str]]]:
    """Text, finish reason, usage and calls of a stream."""
    text, finish, usage = "", None, None
    calls: dict[int, list[str]] = {}
    for chunk in chunks:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
            for call in choice.delta.tool_calls or ():
                said = calls.setdefault(call.index, ["", ""])
                said[0] += call.function.name or ""
                said[1] += call.function.arguments or ""
    return text, finish, usage, calls


@pytest.mark.parametrize("provider", MODELS)
def test_a_chat_is_answered_and_streams_say_the_same(clouds: Clouds, provider: str) -> None:
    whole = ask(clouds, provider)
    streamed = joined(ask(clouds, provider, stream=True, stream_options={"include_usage": True}))
    (choice,) = whole.choices
    assert choice.message.content.startswith("This is the sandbox.")
    assert streamed[:2] == (choice.message.content, choice.finish_reason)
    assert streamed[2].total_tokens == whole.usage.total_tokens


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_tools_are_called_in_parallel_and_answered(clouds: Clouds, provider: str, stream: bool) -> None:
    wanted = [{"name": "get_weather", "arguments": {"city": city}} for city in ("Ulm", "Bonn")]
    asked = {"tools": [WEATHER], "extra_headers": {"x-sandbox-calls": json.dumps(wanted)}}
    reply = ask(clouds, provider, stream=stream, **asked)
    if stream:
        _, finish, _, calls = joined(reply)
        assert finish == "tool_calls"
        assert [(name, json.loads(said)) for name, said in calls.values()] == [
            (each["name"], each["arguments"]) for each in wanted
        ]
        return
    message = reply.choices[0].message
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [{"city": "Ulm"}, {"city": "Bonn"}]
    results = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls]
    after: Any = [*HELLO, message.model_dump(exclude_none=True), *results]
    done = clouds.openai.chat.completions.create(
        model=f"{provider}/{MODELS[provider]}", messages=after, tools=[WEATHER]
    )
    assert done.choices[0].message.content.startswith("This is the sandbox.")


@pytest.mark.parametrize("provider", ["signed", "vertex", "azure"])
def test_an_app_of_anthropics_is_served_too(clouds: Clouds, provider: str) -> None:
    model = f"{provider}/{MODELS[provider]}"
    with clouds.anthropic.messages.stream(model=model, max_tokens=2000, messages=HELLO) as stream:
        streamed = stream.get_final_message()
    whole = clouds.anthropic.messages.create(model=model, max_tokens=2000, messages=HELLO)
    text = next(block.text for block in whole.content if block.type == "text")
    assert text.startswith("This is the sandbox.")
    assert [block.model_dump() for block in streamed.content] == [block.model_dump() for block in whole.content]
    assert streamed.usage.output_tokens == whole.usage.output_tokens


def test_claude_at_bedrock_counts_its_prompt(clouds: Clouds) -> None:
    counted = clouds.anthropic.messages.count_tokens(model=f"signed/{CLAUDE}", messages=HELLO)
    assert counted.input_tokens == ask(clouds, "signed").usage.prompt_tokens


def test_thoughts_of_claude_at_bedrock_come_back_signed(clouds: Clouds) -> None:
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    model, tool = f"signed/{CLAUDE}", {"name": "f", "input_schema": {"type": "object"}}
    more: Any = {"model": model, "max_tokens": 4096, "thinking": thinking, "tools": [tool]}
    wanted = {"x-sandbox-calls": '[{"name":"f","arguments":{}}]'}
    first = clouds.anthropic.messages.create(messages=HELLO, extra_headers=wanted, **more)
    assert [block.type for block in first.content] == ["thinking", "tool_use"]
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "x"}
    turns: Any = [*HELLO, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    assert clouds.anthropic.messages.create(messages=turns, **more).stop_reason == "end_turn"
    sent = clouds.seen("toolResult")["body"]["messages"][1]["content"]
    assert next(iter(sent[0])) == "reasoningContent"


@pytest.mark.parametrize(
    "model", ["vertex/gemini-embedding-001", "vertex/text-embedding-005", "azure/text-embedding-3-small"]
)
@pytest.mark.parametrize("size", [None, 8])
def test_embeddings(clouds: Clouds, model: str, size: int | None) -> None:
    more: Any = {} if size is None else {"dimensions": size}
    reply = clouds.openai.embeddings.create(model=model, input=["one", "two"], **more)
    lengths = {len(each.embedding) for each in reply.data}
    assert lengths == ({size} if size else lengths)
    assert [each.index for each in reply.data] == [0, 1]
    assert reply.data[0].embedding != reply.data[1].embedding
    assert reply.usage.prompt_tokens == 2


@pytest.mark.parametrize("provider", REFUSED)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_key_that_the_cloud_refuses_is_the_gateways_fault(clouds: Clouds, provider: str, stream: bool) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        ask(clouds, provider, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert "canary" not in caught.value.message
    assert SECRET_KEY not in caught.value.message


def test_another_target_helps_where_a_key_is_refused(clouds: Clouds) -> None:
    reply = clouds.openai.chat.completions.create(model="safe", messages=HELLO)
    assert reply.choices[0].message.content.startswith("This is the sandbox.")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("400", 400, "context_length_exceeded"),
        ("429", 429, "upstream_rate_limited"),
        ("500", 502, "upstream_error"),
        ("503", 503, "upstream_overloaded"),
        ("504", 504, "upstream_timeout"),
        ("529", 429, "upstream_rate_limited"),
        ("402", 502, "upstream_auth"),
        ("502-html", 502, "upstream_error"),
        ("html", 502, "upstream_invalid"),
        ("truncated-json", 502, "upstream_invalid"),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_what_goes_wrong_at_bedrock_is_told_in_the_gateways_words(
    clouds: Clouds, fault: str, status: int, code: str, stream: bool
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        ask(clouds, "signed", stream=stream, extra_headers={"x-sandbox-fault": fault})
    assert (caught.value.status_code, caught.value.code) == (status, code)


@pytest.mark.parametrize("fault", ["bad-crc", "bad-json", "cut-stream", "half-frame", "no-done", "error-event"])
def test_a_stream_of_bedrocks_that_breaks_ends_with_an_error(clouds: Clouds, fault: str) -> None:
    stream = ask(clouds, "signed", stream=True, extra_headers={"x-sandbox-fault": fault})
    assert next(chunk for chunk in stream if chunk.choices[0].delta.content).choices[0].delta.content == "This"
    with pytest.raises(openai.APIError) as caught:
        list(stream)
    assert caught.value.code
    assert caught.value.code.startswith("upstream")


@pytest.mark.parametrize("fault", ["crlf", "tiny-events", "long-line"])
def test_a_strange_stream_of_bedrocks_is_whole(clouds: Clouds, fault: str) -> None:
    strange = {"x-sandbox-fault": fault, "x-sandbox-chunks": "300", "x-sandbox-bytes": "300000"}
    text, finish, _, _ = joined(ask(clouds, "signed", stream=True, extra_headers=strange))
    assert text.startswith("This is the sandbox.")
    assert finish == "stop"


def test_each_cloud_sees_its_own_proof_and_no_other(clouds: Clouds) -> None:
    def proof(provider: str) -> tuple[str, dict[str, str]]:
        ask(clouds, provider, f"hi from {provider}")
        sight = clouds.seen(f"hi from {provider}")
        return sight["target"], sight["headers"]

    path, headers = proof("chain")
    assert path == f"/model/{PROFILE.replace(':', '%3A').replace('/', '%2F')}/converse"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    assert "x-amz-security-token" not in headers
    assert "x-amz-security-token" in proof("session")[1]
    assert proof("keyed")[1]["authorization"].startswith("Bearer ")
    path, headers = proof("vertex")
    assert path.endswith("/publishers/google/models/gemini-2.5-flash:generateContent")
    assert headers["authorization"].startswith("Bearer ")
    assert "x-goog-api-key" not in headers
    assert len(clouds.tokens.tokens) == 1
    path, headers = proof("deployed")
    assert path == "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    assert "api-key" in headers
    assert "authorization" not in headers
    assert proof("azure")[0] == "/openai/v1/chat/completions"


def test_no_secret_is_in_a_log_or_a_row(clouds: Clouds) -> None:
    for provider in MODELS:
        ask(clouds, provider)
    for provider in REFUSED:
        with pytest.raises(openai.InternalServerError):
            ask(clouds, provider)
    journal = "".join(file.read_text() for file in (clouds.gateway.home / "journal").glob("*.jsonl"))
    log = clouds.gateway.running.log.read_text()
    account = json.loads(clouds.tokens.service_account)
    assert "no token came from Google: RefreshError: invalid_grant" in journal
    assert "The request signature we calculated does not match" in journal
    for secret in (SECRET_KEY, SECRET_KEY[::-1], "canary", "a+session/token", account["private_key"][40:80]):
        assert secret not in journal
        assert secret not in log
