"""Requests of Messages callers that go to Anthropic as they are."""

import copy
import json
from typing import Any

import pytest

from gatewatch.providers.quirks import Quirks
from proxy.canonical.losses import Losses
from proxy.dialects.anthropic_messages.forward import forward_request
from proxy.dialects.dialect import Destination
from proxy.refusal import Refusal

PLAIN: dict[str, Any] = {"model": "alias", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}


def forward(
    streams: bool = False, quirks: Quirks | None = None, losses: Losses | None = None, **fields: Any
) -> dict[str, Any]:
    body = PLAIN | fields
    before = copy.deepcopy(body)
    to = Destination(provider="claude", model="claude-opus-5", quirks=quirks or Quirks())
    sent: dict[str, Any] = json.loads(forward_request(body, to, streams, losses or Losses("claude")))
    assert body == before, "the caller's request may go to another target next"
    return sent


def said_by(*blocks: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": "q"}, {"role": "assistant", "content": list(blocks)}]


def test_only_the_model_is_replaced_and_what_is_not_known_survives() -> None:
    fields: dict[str, Any] = {
        "a_new_parameter": {"deep": [1, None]},
        "thinking": {"type": "adaptive", "display": "updates"},
        "tools": [{"type": "web_search_20260318", "name": "web_search"}],
        "messages": said_by({"type": "hologram", "x": 1}, {"type": "thinking", "thinking": "", "signature": "EqQB"}),
    }
    assert forward(**fields) == PLAIN | fields | {"model": "claude-opus-5"}


@pytest.mark.parametrize(
    ("asked", "stream", "expected"),
    [({}, False, None), ({}, True, True), ({"stream": True}, False, False), ({"stream": False}, True, True)],
)
def test_the_gateway_says_whether_it_streams(asked: dict[str, Any], stream: bool, expected: bool | None) -> None:
    assert forward(stream, **asked).get("stream") is expected


def test_a_count_stays_without_a_word_of_streaming() -> None:
    to = Destination(provider="claude", model="m")
    body = {"model": "alias", "messages": PLAIN["messages"]}
    assert json.loads(forward_request(body, to, False, Losses("p"))) == body | {"model": "m"}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"user_id": "u"}, {"user_id": "u"}),
        ({"user_id": "u", "team": "ours"}, {"user_id": "u"}),
        ({"team": "ours"}, None),
        ({}, {}),
        (None, None),
    ],
)
def test_metadata_for_the_gateway_stays_here(metadata: object, expected: object) -> None:
    assert forward(metadata=metadata).get("metadata") == expected


def test_thoughts_of_other_providers_are_taken_out() -> None:
    own = {"type": "thinking", "thinking": "Hm", "signature": "EqQB"}
    answer = {"type": "text", "text": "4"}
    sent = forward(
        messages=said_by(
            {"type": "thinking", "thinking": "Hm", "signature": "gw1.gemini.x"},
            {"type": "thinking", "thinking": "Hm", "signature": "gw1.none."},
            {"type": "redacted_thinking", "data": "gw1.openai-responses.gAAA"},
            {"type": "redacted_thinking", "data": "Emwk"},
            own,
            answer,
        )
    )
    assert sent["messages"][1]["content"] == [{"type": "redacted_thinking", "data": "Emwk"}, own, answer]


def test_a_message_of_nothing_else_goes_with_them() -> None:
    sent = forward(messages=said_by({"type": "redacted_thinking", "data": "gw1.gemini.x"}))
    assert sent["messages"] == [{"role": "user", "content": "q"}]


def test_citations_of_other_providers_are_taken_out() -> None:
    own = {"type": "web_search_result_location", "encrypted_index": "Eo8B", "url": "u", "cited_text": "c"}
    foreign = own | {"encrypted_index": "gw1.citation."}
    sent = forward(
        messages=said_by(
            {"type": "text", "text": "a", "citations": [own, foreign]},
            {"type": "text", "text": "b", "citations": [foreign]},
        )
    )
    assert sent["messages"][1]["content"] == [
        {"type": "text", "text": "a", "citations": [own]},
        {"type": "text", "text": "b"},
    ]


def test_words_that_look_like_a_mark_are_words() -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "gw1.gemini.x"}]}]
    assert forward(messages=messages)["messages"] == messages


@pytest.mark.parametrize("messages", ["text", None, [7], [{"role": "assistant"}], [{"content": [7]}]])
def test_what_is_malformed_is_for_the_provider_to_refuse(messages: object) -> None:
    assert forward(messages=messages)["messages"] == messages


def test_what_a_provider_refuses_is_lost() -> None:
    quirks = Quirks(refuses=("top_k",), renames={"speed": "tempo"})
    with pytest.raises(Refusal) as raised:
        forward(quirks=quirks, top_k=3)
    assert raised.value.param == "top_k"
    losses = Losses("p", drop=True)
    sent = forward(quirks=quirks, losses=losses, top_k=3, speed="fast")
    assert (losses.dropped, "top_k" in sent, sent["tempo"]) == (["top_k"], False, "fast")
