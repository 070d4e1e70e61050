"""AWS's own client, botocore, at the sandbox's door."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.eventstream import EventStreamBuffer
from botocore.session import Session

from proxy.sandbox.bedrock_manners import SECRET_KEY
from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.service_model import assert_fits, service

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "hi"}]}]
ACCESS_KEY = "AKIASANDBOX000000000"
TEMPORARY = "ASIASANDBOX000000000"
_PADDING = frozenset({"p"})


@cache
def _session() -> Session:
    session = Session()
    session.set_config_variable("metadata_service_num_attempts", 0)
    return session


class Bedrock:
    """The client, in a thread; `headers` go with every request."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.headers: dict[str, str] = {}
        client.meta.events.register("before-call.bedrock-runtime", self._add_headers)

    def _add_headers(self, params: dict[str, Any], **_: Any) -> None:
        params["headers"].update(self.headers)

    async def converse(self, headers: dict[str, str] | None = None, **given: Any) -> dict[str, Any]:
        return await self._call(self._client.converse, headers, given)

    async def count(self, **prompt: Any) -> int:
        given = {"modelId": CLAUDE, "input": {"converse": {"messages": HELLO} | prompt}}
        return int((await asyncio.to_thread(self._client.count_tokens, **given))["inputTokens"])

    async def stream(self, headers: dict[str, str] | None = None, **given: Any) -> list[dict[str, Any]]:
        """Every event, as botocore reads it."""

        def events(**asked: Any) -> list[dict[str, Any]]:
            with closing(self._client.converse_stream(**asked)["stream"]) as stream:
                return list(stream)

        return await self._call(events, headers, given)

    async def _call(self, method: Callable[..., Any], headers: dict[str, str] | None, given: dict[str, Any]) -> Any:
        self.headers = headers or {}
        return await asyncio.to_thread(method, **({"modelId": CLAUDE, "messages": HELLO} | given))


@asynccontextmanager
async def bedrock(
    sandbox: Sandbox, access_key: str = ACCESS_KEY, secret: str = SECRET_KEY, token: str | None = None
) -> AsyncIterator[Bedrock]:
    """It checks what it sends, signs it, and reads what comes as every app's does."""
    client = _session().create_client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=sandbox.url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        yield Bedrock(client)
    finally:
        client.close()


async def post(
    sandbox: Sandbox,
    operation: str = "converse",
    model: str = "anthropic.claude-sonnet-4-5-20250929-v1%3A0",
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    **fields: Any,
) -> RawReply:
    """A raw reply, asked for with an API key."""
    sent = body if body is not None else json.dumps({"messages": HELLO} | fields).encode()
    return await ask(sandbox.port, request("POST", f"/model/{model}/{operation}", sent, headers))


def messages(stream: bytes) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Headers and payload of each message, by botocore's own buffer, which checks every checksum."""
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    return [(message.headers, json.loads(message.payload)) for message in buffer]


def assert_reply_fits(reply: dict[str, Any]) -> None:
    assert_fits(reply, service("bedrock-runtime").operation_model("Converse").output_shape)


def assert_events_fit(stream: bytes) -> None:
    shape = service("bedrock-runtime").operation_model("ConverseStream").output_shape.members["stream"]
    for headers, payload in messages(stream):
        kind = headers[":message-type"]
        name = headers[":event-type" if kind == "event" else ":exception-type"]
        assert headers[":content-type"] == "application/json"
        assert_fits(payload, shape.members[name], name, besides=_PADDING if kind == "event" else frozenset())
