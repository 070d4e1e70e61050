"""A whole gateway in this process in front of one upstream that plays several providers, told apart by the path."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.paths import Home
from gatewatch.providers.quirks import Quirks
from proxy.routing import Target
from proxy.settings import Deadlines, Provider, ProviderKey, Route, Way
from tests.kit.limit_stage import PATHS, Stage, limit_stage
from tests.kit.provider_voices import ANTHROPIC, OPENAI
from tests.kit.raw_http import RawReply, ask
from tests.kit.raw_http import request as request_bytes
from tests.kit.scripted_upstream import Conversation, Received, http, scripted_upstream

Answer = Callable[[Received], bytes]
Json = dict[str, Any]
DIALECTS = {
    "openai": ("openai-chat", "openai"),
    "responses": ("openai-responses", "openai"),
    "claude": ("anthropic-messages", "anthropic"),
    "aws": ("bedrock-converse", "bedrock"),
    "google": ("gemini", "google"),
    "old": ("openai-chat", "mistral"),
    "small": ("openai-chat", "openai"),
}
"""Provider → its dialect, and whose prices and models it has."""
_BEDROCK = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 10, "outputTokens": 2, "totalTokens": 12},
}
_GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 2, "totalTokenCount": 12},
}
_RESPONSES: Json = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-4o-mini",
    "output": [{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}],
    "usage": {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12},
}  # fmt: skip
FINE: dict[str, bytes] = {
    "openai-chat": http(200, OPENAI.reply("Hello", OPENAI.usage(10, 2))),
    "anthropic-messages": http(200, ANTHROPIC.reply("Hello", ANTHROPIC.usage(10, 2))),
    "openai-responses": http(200, json.dumps(_RESPONSES).encode()),
    "bedrock-converse": http(200, json.dumps(_BEDROCK).encode()),
    "gemini": http(200, json.dumps(_GEMINI).encode()),
}
"""A good plain reply of each dialect."""


class Shaped(Stage):
    """A gateway whose routes are set by the test, and what its providers were sent."""

    heard: dict[str, list[Json]]
    answers: dict[str, Answer]

    def route(self, *targets: str, name: str = "talk", **options: Any) -> None:
        """One route, besides those that are there."""
        deadlines = Deadlines(connect=20, first_byte=20, idle=20, total=20)
        longer = tuple(map(target, options.pop("context_window", ())))
        fields = {"targets": tuple(map(target, targets)), "context_window": longer, "deadlines": deadlines}
        made = Route(name=name, **(fields | options))
        settings = self.gateway.settings
        self.gateway.configure(msgspec.structs.replace(settings, routes=settings.routes | {name: made}))

    def change(self, provider: str, **changed: Any) -> None:
        settings = self.gateway.settings
        other = msgspec.structs.replace(settings.providers[provider], **changed)
        self.gateway.configure(msgspec.structs.replace(settings, providers=settings.providers | {provider: other}))

    def fails(self, provider: str, status: int = 500, error: Json | None = None) -> None:
        body = json.dumps({"error": error or {"message": "out of order", "type": "server_error", "code": None}})
        self.answers[provider] = lambda _: http(status, body.encode())

    async def say(self, endpoint: str, body: Json, headers: dict[str, str] | None = None) -> RawReply:
        """One call to the route `talk`, and all that it leaves."""
        sent = json.dumps({"model": "talk"} | body).encode()
        known = {"Authorization": f"Bearer {self.secret}"} | (headers or {})
        reply = await ask(self.port, request_bytes("POST", PATHS[endpoint], sent, known))
        await self.quiet()
        return reply

    def tries(self, reply: RawReply) -> list[Json]:
        """The attempts of that call, as they stand in the journal."""
        lines = b"".join(path.read_bytes() for path in sorted(self.home.journal.glob("*.jsonl"))).splitlines()
        call_id = reply.headers["x-gatewatch-call-id"]
        return [row for row in map(json.loads, lines) if row["k"] == "attempt" and row["call_id"] == call_id]


def target(name: str) -> Target:
    provider, _, model = name.partition("/")
    return Target(provider=provider, model=model)


@asynccontextmanager
async def shaping_stage(folder: Path) -> AsyncIterator[Shaped]:
    """One that serves; every provider answers well at first."""
    heard: dict[str, list[Json]] = defaultdict(list)
    answers: dict[str, Answer] = {}
    for name, (dialect, _) in DIALECTS.items():
        answers[name] = lambda _, reply=FINE[dialect]: reply  # type: ignore[misc]

    async def script(conversation: Conversation) -> None:
        while True:
            received = await conversation.request()
            name = received.line.split("/")[1]
            heard[name].append(received.json)
            conversation.send(answers[name](received))

    async with scripted_upstream(script) as upstream:
        root = upstream.url.removesuffix("/v1")
        home = Home(folder).make()
        async with limit_stage(home, root) as stage:
            stage.__class__ = Shaped
            assert isinstance(stage, Shaped)
            stage.heard, stage.answers = heard, answers
            providers = {
                name: Provider(
                    name=name,
                    ways=(Way(dialect=dialect, base_url=f"{root}/{name}"),),
                    keys=(ProviderKey(id="main", secret="sk-of-the-provider"),),
                    price_provider=prices,
                    quirks=Quirks(renames={"max_completion_tokens": "max_tokens"}) if name == "old" else Quirks(),
                    allow_private=True,
                )
                for name, (dialect, prices) in DIALECTS.items()
            }
            stage.gateway.configure(msgspec.structs.replace(stage.gateway.settings, providers=providers, routes={}))
            yield stage
