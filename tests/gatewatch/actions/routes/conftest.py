"""A home with two routes, of which a gateway has noted versions."""

from typing import Any

import pytest

from gatewatch.control.route_versions import RouteVersions, WrittenBy
from tests.kit.acting import Stage

FILE = """
providers:
  openai: {dialect: openai-chat, base_url: "https://openai.example/v1", api_key: none, region: eu-west-1}
  groq: {dialect: openai-chat, base_url: "https://groq.example/v1", api_key: none}
models:
  chat: {targets: [openai/gpt-4o, groq/llama]}
  resident: {targets: [openai/gpt-4o], region: eu}
"""


def route(version: str, *targets: str, name: str = "chat", **more: Any) -> dict[str, Any]:
    split = [target.partition("/") for target in targets]
    made = [{"provider": provider, "model": model, "weight": 1} for provider, _, model in split]
    return {"name": name, "version": version, "targets": made, "deadlines": {}, "strategy": "order"} | more


@pytest.fixture
def routes(stage: Stage) -> Stage:
    """Of chat, versions `a1`, `b2` and `c3` came one after the other; `c3` is what the configuration says."""
    stage.home.config.write_text(FILE)
    for made in (
        route("a1", "openai/gpt-4"),
        route("b2", "openai/gpt-4o"),
        route("c3", "openai/gpt-4o", "groq/llama"),
        route("r1", "groq/llama", name="resident"),
        route("r2", "openai/gpt-4o", name="resident", region="eu"),
    ):
        stage.clock.now += 1_000_000
        stage.store(lambda store, made=made: RouteVersions(store).note({made["name"]: made}, WrittenBy(config="c")))
    return stage
