import json
from typing import Any

import pytest

from tests.kit.scripted_upstream import http
from tests.kit.shaping_stage import Shaped

LORRY = "The lorry drove through the town and over the bridge, and nobody saw it come back. "
"""English prose: 84 characters, 18 words, so about 19 tokens."""
SMALL, WIDE = "openai/gpt-4", "openai/gpt-4.1"
"""8,192 and 1,047,576 tokens, by OpenAI's pages of the models."""


def words(tokens: int) -> str:
    return LORRY * (tokens // 19)


def asked(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], "max_tokens": 50}


def models(stage: Shaped, provider: str = "openai") -> list[str]:
    return [sent["model"] for sent in stage.heard[provider]]


async def test_a_target_that_cannot_read_the_call_is_passed_over_before_anything_is_sent(stage: Shaped) -> None:
    stage.route(SMALL, WIDE)
    reply = await stage.say("chat", asked(words(20_000)))
    assert (reply.status, models(stage)) == (200, ["gpt-4.1"])
    row = stage.row(reply)
    assert row["passed_over"] == [[SMALL, "context_window"]]
    assert (row["model"], row["attempts"]) == ("gpt-4.1", 1)
    assert row["estimated_input_tokens"] > 16_000, "reckoned for the target that is asked"


async def test_calls_that_are_too_long_go_on_to_the_routes_targets_for_long_ones_in_their_order(stage: Shaped) -> None:
    stage.route(SMALL, context_window=("openai/gpt-3.5-turbo", "openai/gpt-4-turbo", WIDE))
    stage.fails("openai")
    row = stage.row(await stage.say("chat", asked(words(40_000))))
    assert models(stage) == ["gpt-4-turbo", "gpt-4.1"], "16,385 tokens are too few as well; a failure goes on"
    assert row["passed_over"] == [[SMALL, "context_window"], ["openai/gpt-3.5-turbo", "context_window"]]


async def test_a_call_that_fits_never_sees_the_targets_for_long_ones(stage: Shaped) -> None:
    stage.route(SMALL, context_window=(WIDE,))
    stage.fails("openai")
    reply = await stage.say("chat", asked(words(4_000)))
    assert reply.status >= 500
    assert set(models(stage)) == {"gpt-4"}
    assert "passed_over" not in stage.row(reply)


@pytest.mark.parametrize(
    ("endpoint", "body", "code"),
    [
        ("chat", asked(words(20_000)), ("error", "code")),
        ("completions", {"prompt": words(20_000)}, ("error", "code")),
        ("responses", {"input": words(20_000)}, ("error", "code")),
        ("messages", asked(words(20_000)), ("error", "details", "error_code")),
    ],
)
async def test_a_call_that_no_target_can_read_is_a_400_with_the_figures_and_nothing_is_sent(
    stage: Shaped, endpoint: str, body: dict[str, Any], code: tuple[str, ...]
) -> None:
    stage.route(SMALL, context_window=("openai/gpt-3.5-turbo",))
    reply = await stage.say(endpoint, body)
    assert reply.status == 400
    said = reply.json
    for name in code:
        said = said[name]
    assert said == "context_length_exceeded"
    assert "16385 tokens" in reply.json["error"]["message"], "the widest of them"
    assert not stage.heard
    row = stage.row(reply)
    assert (row["status"], row["error_kind"], row.get("attempts", 0)) == ("blocked", "context_length_exceeded", 0)
    assert row.get("cost_picos", 0) == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (words(8_500), "a little beyond the window by the estimate: the provider is the judge"),
        ("लंबा पाठ पढ़ें " * 1_600, "bytes make it 15,000 tokens, characters 6,400"),
        ("    if x:\n        y = 1\n" * 1_500, "indented code: 37,500 characters"),
    ],
)
async def test_what_may_fit_is_sent(stage: Shaped, text: str, why: str) -> None:
    stage.route(SMALL)
    assert (await stage.say("chat", asked(text))).status == 200, why
    assert models(stage) == ["gpt-4"]


async def test_a_model_whose_window_nobody_knows_is_asked(stage: Shaped) -> None:
    stage.route("openai/house-model-7", WIDE)
    assert (await stage.say("chat", asked(words(40_000)))).status == 200
    assert models(stage) == ["house-model-7"]


async def test_pictures_are_not_counted_what_they_come_to_is_each_models_own_matter(stage: Shaped) -> None:
    stage.route("openai/gpt-4o-mini")
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000_000}}
    body = {"messages": [{"role": "user", "content": [picture] * 3}]}
    assert (await stage.say("chat", body)).status == 200


@pytest.mark.parametrize(
    ("endpoint", "provider", "body"),
    [
        ("responses", "responses", {"input": words(20_000), "truncation": "auto"}),
        ("chat", "openai", asked(words(20_000)) | {"transforms": ["middle-out"]}),
        ("completions", "openai", {"prompt": [words(5_000)] * 4}),
    ],
)
async def test_what_a_provider_cuts_or_reads_piece_by_piece_is_not_for_the_gateway_to_judge(
    stage: Shaped, endpoint: str, provider: str, body: dict[str, Any]
) -> None:
    stage.route(f"{provider}/gpt-4")
    await stage.say(endpoint, body)
    assert models(stage, provider) == ["gpt-4"]


async def test_a_wider_window_that_anthropic_gives_by_a_header_is_not_narrowed(stage: Shaped) -> None:
    stage.route("claude/claude-sonnet-4-5")
    body = asked(words(400_000))
    assert (await stage.say("messages", body)).status == 400
    assert (await stage.say("messages", body, {"anthropic-beta": "context-1m-2025-08-07"})).status == 200


async def test_the_ledgers_lesson_about_a_model_counts(stage: Shaped) -> None:
    stage.route(SMALL)
    text = words(8_500)
    stage.gateway.meter.learn({"openai/gpt-4": 150}, {})
    assert (await stage.say("chat", asked(text))).status == 400
    stage.gateway.meter.learn({"openai/gpt-4": 50}, {})
    assert (await stage.say("chat", asked(words(15_000)))).status == 200


TOO_LONG = {
    "message": "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded",
}  # fmt: skip


async def test_where_the_provider_itself_says_that_it_is_too_long_the_targets_for_long_calls_are_asked(
    stage: Shaped,
) -> None:
    stage.route("small/gpt-4", "openai/gpt-4-turbo", context_window=(WIDE,))
    stage.fails("small", 400, TOO_LONG)
    reply = await stage.say("chat", asked(words(8_000)))
    assert (reply.status, stage.heard["small"][0]["model"], models(stage)) == (200, "gpt-4", ["gpt-4.1"])
    row = stage.row(reply)
    assert (row["status"], row["attempts"], row.get("retries", 0)) == ("ok", 2, 0)
    first, second = stage.tries(reply)
    assert (first["error_kind"], first["http_status"]) == ("context_length_exceeded", 400)
    assert second["model"] == "gpt-4.1"


async def test_each_target_for_long_calls_is_asked_once_and_the_last_no_is_the_answer(stage: Shaped) -> None:
    stage.route("small/gpt-4", context_window=("small/gpt-4", WIDE))
    stage.fails("small", 400, TOO_LONG)
    stage.fails("openai", 400, TOO_LONG)
    reply = await stage.say("chat", asked(words(5_000)))
    assert (reply.status, reply.json["error"]["code"]) == (400, "context_length_exceeded")
    assert (len(stage.heard["small"]), models(stage)) == (1, ["gpt-4.1"])


@pytest.mark.parametrize(
    "error", [{"message": "Invalid 'seed'", "type": "invalid_request_error", "code": "invalid_value", "param": "seed"}]
)
async def test_any_other_fault_of_the_request_stays_its_answer(stage: Shaped, error: dict[str, Any]) -> None:
    stage.route("small/gpt-4", context_window=(WIDE,))
    stage.fails("small", 400, error)
    reply = await stage.say("chat", asked(words(5_000)))
    assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_value")
    assert not stage.heard["openai"]


async def test_anthropics_words_for_too_long_lead_there_too(stage: Shaped) -> None:
    stage.route("claude/claude-sonnet-4-5", context_window=("claude/claude-sonnet-4-6",))
    said = {"type": "invalid_request_error", "message": "prompt is too long: 201000 tokens > 200000 maximum"}
    too_long = http(400, json.dumps({"type": "error", "error": said}).encode())
    fine = stage.answers["claude"]
    stage.answers["claude"] = lambda got: too_long if got.json["model"] == "claude-sonnet-4-5" else fine(got)
    reply = await stage.say("messages", asked("hi"))
    assert (reply.status, models(stage, "claude")) == (200, ["claude-sonnet-4-5", "claude-sonnet-4-6"])


async def test_what_a_call_must_keep_to_holds_for_the_targets_for_long_ones(stage: Shaped) -> None:
    stage.change("small", region="eu")
    stage.change("openai", region="us")
    stage.route("small/gpt-4", region="eu", context_window=(WIDE,))
    reply = await stage.say("chat", asked(words(20_000)))
    assert reply.status == 400
    assert [WIDE, "not in the region eu"] in stage.row(reply)["passed_over"]
    stage.fails("small", 400, TOO_LONG)
    assert (await stage.say("chat", asked(words(5_000)))).status == 400
    assert not stage.heard["openai"]
