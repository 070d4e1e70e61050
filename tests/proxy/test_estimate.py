"""Estimates follow the vendors' stated figures, hold for other scripts than Latin, and never fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy import estimate
from proxy.estimate import (
    DEFAULT_OUTPUT_TOKENS,
    IMAGE_TOKENS,
    MOST_OUTPUT,
    TOKENS_PER_MESSAGE,
    Size,
    input_tokens,
    output_tokens,
)


def user(content: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": content}]}


@pytest.mark.parametrize(
    ("model", "characters", "tokens"),
    [
        ("gpt-4o", 400, 100),
        ("gpt-4o", 401, 101),
        ("gpt-4o", 1, 1),
        ("gpt-4o", 0, 0),
        ("claude-sonnet-4-5", 350, 100),
        ("claude-sonnet-4-5", 351, 101),
        ("mistral-large", 370, 100),
        ("deepseek-chat", 330, 100),
        ("claude-opus-4-7-20260416", 270, 100),
        ("anthropic.claude-sonnet-5-v1:0", 270, 100),
        ("claude-opus-4-6", 350, 100),
        ("qwen-max", 340, 100),
        ("gemini-2.5-pro", 400, 100),
        ("some-model-of-tomorrow", 400, 100),
    ],
)
def test_bytes_become_tokens_by_the_family_and_are_rounded_up(model: str, characters: int, tokens: int) -> None:
    assert estimate.tokens_of_text(model, characters) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello, my name is GPT-4o. I'm a new type of language model, it's nice to meet you!", 24),
        ("Bonjour, je m'appelle GPT-4o. Je suis un nouveau type de modèle de langage, c'est un plaisir de vous"
         " rencontrer!", 28),
        ("Hallo, mein Name is GPT-4o. Ich bin ein neues KI-Sprachmodell. Es ist schön, dich kennenzulernen.", 29),
        ("Xin chào, tên tôi là GPT-4o. Tôi là một loại mô hình ngôn ngữ mới, rất vui được gặp bạn!", 30),
        ("Привет, меня зовут GPT-4o. Я — новая языковая модель, приятно познакомиться!", 23),
        ("مرحبًا، اسمي جي بي تي-4o. أنا نوع جديد من نموذج اللغة، سررت بلقائك!", 26),
        ("안녕하세요, 제 이름은 GPT-4o입니다. 저는 새로운 유형의 언어 모델입니다, 만나서 반갑습니다!", 27),
        ("こんにちは、私の名前はGPT-4oです。私は新しいタイプの言語モデルです。初めまして!", 26),
        ("你好,我的名字是GPT-4o。我是一种新型的语言模型,很高兴见到你!", 24),
    ],
)  # fmt: skip
def test_text_of_any_script_is_within_half_of_what_the_vendor_counted(text: str, tokens: int) -> None:
    """The sentences with which OpenAI introduced gpt-4o's tokenizer, and its own counts."""
    estimated = estimate.tokens_of_text("gpt-4o", estimate.weight(text))
    assert 0.8 * tokens <= estimated <= 1.5 * tokens


def test_a_long_text_is_looked_at_all_over() -> None:
    english, chinese = "Translate what follows, and say nothing else. " * 9, "我能吞下玻璃而不伤身体。" * 400
    for text in (chinese, english + chinese, english * 12 + chinese, chinese + english * 30):
        assert estimate.weight(text) == pytest.approx(len(text.encode()), rel=0.05)


def test_half_a_character_has_a_size_too() -> None:
    assert estimate.weight("\ud83d") == 3


def test_what_the_ledger_taught_corrects_text_and_nothing_else() -> None:
    # (40 bytes / 4 + 4 for the message) × 150 % = 21, and a picture as it is
    content = [{"type": "text", "text": "a" * 40}, {"type": "input_audio", "input_audio": {"data": "A" * 4000}}]
    assert estimate.size(user(content)) == Size(40, 1, 1)
    assert input_tokens("gpt-4o", user(content), 150) == 21 + IMAGE_TOKENS
    assert input_tokens("gpt-4o", user("a" * 40), 25) == 4, "rounded up from 3.5"


def test_documents_are_text_where_it_can_be_seen_and_as_large_as_their_file_where_not() -> None:
    told = [{"type": "document", "source": {"type": "text", "data": "d" * 400}}]
    assert estimate.size(user(told)) == Size(400, 1, 0)
    blocks = [{"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "d" * 400}]}}]
    assert estimate.size(user(blocks)) == Size(400, 1, 0)
    assert estimate.size(user([{"type": "document", "source": {"type": "base64", "data": "AAAA"}}])) == Size(0, 1, 1)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "document", "source": {"type": "base64", "data": "A" * 1_600_000}},
        {"type": "file", "file": {"file_data": "A" * 1_600_000}},
        {"type": "input_file", "file_data": "A" * 1_600_000},
        {"type": "input_audio", "input_audio": {"data": "A" * 1_600_000}},
    ],
)
def test_a_large_file_is_more_than_a_picture(part: dict[str, object]) -> None:
    # a PDF of text has about twenty bytes of base64 for a token
    assert input_tokens("gpt-4o", user([part])) == pytest.approx(80_000, rel=0.1)


def test_what_is_usual_takes_the_place_of_the_assumption_but_not_of_a_limit() -> None:
    assert output_tokens("chat", {}, 2000) == 2000
    assert output_tokens("chat", {"n": 3}, 2000) == 6000
    assert output_tokens("chat", {"max_tokens": 7}, 2000) == 7


def test_messages_count_their_text_and_a_little_each() -> None:
    body = {"messages": [{"role": "system", "content": "a" * 40}, {"role": "user", "content": "b" * 60}]}
    assert input_tokens("gpt-4o", body) == 25 + 2 * TOKENS_PER_MESSAGE


def test_parts_of_a_message_count_text_and_images() -> None:
    content = [
        {"type": "text", "text": "a" * 80},
        {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4000}},
    ]
    assert input_tokens("gpt-4o", user(content)) == 20 + TOKENS_PER_MESSAGE + 2 * IMAGE_TOKENS


def test_prompts_and_inputs_of_the_other_endpoints_count_too() -> None:
    assert input_tokens("gpt-4o", {"prompt": "a" * 40}) == 10
    assert input_tokens("gpt-4o", {"prompt": ["a" * 40, "b" * 40]}) == 20
    assert input_tokens("text-embedding-3-small", {"input": ["a" * 40] * 3}) == 30
    assert input_tokens("text-embedding-3-small", {"input": [101, 102, 103]}) == 3
    assert input_tokens("text-embedding-3-small", {"input": [[101, 102], [103]]}) == 3


def test_declared_tools_are_input() -> None:
    tool = {"type": "function", "function": {"name": "look_up", "description": "d" * 400}}
    assert input_tokens("gpt-4o", user("hi") | {"tools": [tool]}) >= 100


@pytest.mark.parametrize(
    ("body", "bytes_at_least"),
    [
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"d": "d" * 400}}}}, 400),
        ({"functions": [{"name": "look_up", "description": "d" * 400}]}, 400),
        ({"text": {"format": {"type": "json_schema", "name": "x", "schema": {"d": "d" * 400}}}}, 400),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"d": "d" * 400}}}}, 400),
        ({"documents": [{"title": "x", "text": "d" * 400}]}, 400),
        ({"suffix": "d" * 400}, 400),
        ({"a_parameter_of_tomorrow": "d" * 400}, 400),
        ({"messages": [{"role": "assistant", "content": None, "reasoning_content": "d" * 400}]}, 400),
        ({"messages": "d" * 400}, 400),
    ],
)
def test_whatever_a_model_may_read_of_a_request_counts(body: dict[str, object], bytes_at_least: int) -> None:
    assert bytes_at_least <= estimate.size(body).text < bytes_at_least + 100


def test_what_says_how_to_answer_is_not_read_by_the_model() -> None:
    body = {"metadata": {"note": "n" * 400}, "user": "u" * 400, "stop": ["s" * 400], "logit_bias": {"1": 2}}
    assert estimate.size(body) == Size(0, 0, 0)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]}, "5m"),
        (user([{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]), "1h"),
        ({"tools": [{"name": "t", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, "1h"),
        ({"cache_control": {"type": "ephemeral"}}, "5m"),
        (
            {
                "tools": [{"name": "t", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
                "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
            },
            "1h",
        ),
        (user("cache_control"), ""),
    ],
)
def test_what_is_to_be_kept_in_a_cache_is_seen_wherever_that_is_said(body: dict[str, object], kept: str) -> None:
    assert estimate.size(body).writes == kept


def test_searches_are_as_many_as_are_allowed_or_one() -> None:
    tools = [{"type": "web_search_20250305", "name": "web_search", "max_uses": 7}, {"type": "web_search_preview"}]
    assert estimate.size({"tools": tools}).searches == 8
    assert estimate.size({"tools": [{"type": "function", "function": {"name": "web_search"}}]}).searches == 0


@pytest.mark.parametrize(
    ("endpoint", "body", "tokens"),
    [
        ("chat", {"max_tokens": 64}, 64),
        ("chat", {"max_completion_tokens": 32, "max_tokens": 64}, 64),
        ("chat", {"max_completion_tokens": 64, "max_tokens": 32}, 64),
        ("chat", {"max_completion_tokens": 1, "max_tokens": 16_000}, 16_000),
        ("messages", {"max_completion_tokens": 1, "max_tokens": 16_000}, 16_000),
        ("messages", {"max_output_tokens": 1, "max_tokens": 16_000}, 16_000),
        ("responses", {"max_tokens": 1, "max_output_tokens": 16_000}, 16_000),
        ("completions", {"max_completion_tokens": 1, "max_tokens": 16_000}, 16_000),
        # another endpoint's name is no limit here, though it may be one that is higher
        ("chat", {"max_output_tokens": 1}, DEFAULT_OUTPUT_TOKENS),
        ("responses", {"max_tokens": 1}, DEFAULT_OUTPUT_TOKENS),
        ("responses", {"max_output_tokens": 1, "max_tokens": 16_000}, 16_000),
        ("chat", {"max_tokens": 1, "max_new_tokens": 16_000}, 16_000),
        ("chat", {"min_tokens": 16_000}, 16_000),
        ("chat", {}, DEFAULT_OUTPUT_TOKENS),
        ("chat", {"max_tokens": None}, DEFAULT_OUTPUT_TOKENS),
        ("chat", {"max_tokens": -5}, DEFAULT_OUTPUT_TOKENS),
        ("chat", {"max_tokens": 0}, DEFAULT_OUTPUT_TOKENS),
        ("chat", {"max_tokens": True}, DEFAULT_OUTPUT_TOKENS),
        # what some servers take for a number, and others for nothing
        ("chat", {"max_tokens": "64"}, DEFAULT_OUTPUT_TOKENS),
        ("chat", {"max_tokens": "16000"}, 16_000),
        ("chat", {"max_tokens": 16000.0}, 16_000),
        ("chat", {"max_tokens": 10_000_000}, 10_000_000),
        ("chat", {"max_tokens": 10**30}, MOST_OUTPUT),
        ("chat", {"max_tokens": 1e300, "n": 1e300}, MOST_OUTPUT),
        # choices and prompts
        ("chat", {"max_tokens": 10, "n": 3}, 30),
        ("chat", {"max_tokens": 10, "n": 500}, 5000),
        ("chat", {"max_tokens": 10, "n": "3"}, 30),
        ("chat", {"max_tokens": 10, "n": 0}, 10),
        ("completions", {"max_tokens": 10, "best_of": 20}, 200),
        ("completions", {"max_tokens": 10, "best_of": 20, "n": 2}, 200),
        ("completions", {"max_tokens": 10, "prompt": ["a"] * 200}, 2000),
        ("completions", {"max_tokens": 10, "prompt": ["a"] * 200, "n": 2}, 4000),
        ("completions", {"max_tokens": 10, "prompt": [[1, 2], [3]]}, 20),
        ("completions", {"max_tokens": 10, "prompt": [1, 2, 3]}, 10),
        ("completions", {"max_tokens": 10, "prompt": "abc"}, 10),
        ("completions", {"max_tokens": 10, "prompt": []}, 10),
        ("completions", {"prompt": ["a"] * 3}, 3 * DEFAULT_OUTPUT_TOKENS),
        # thinking
        ("messages", {"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000}}, 4000),
        ("messages", {"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 20_000}}, 24_000),
        ("chat", {"thinking": {"type": "enabled", "budget_tokens": 20_000}}, 20_000 + DEFAULT_OUTPUT_TOKENS),
        ("chat", {"reasoning": {"max_tokens": 20_000}}, 20_000 + DEFAULT_OUTPUT_TOKENS),
        ("chat", {"max_tokens": 10, "thinking_budget": 20_000}, 20_010),
        ("chat", {"reasoning": {"effort": "high"}}, DEFAULT_OUTPUT_TOKENS),
    ],
)  # fmt: skip
def test_the_output_is_the_largest_that_the_request_may_bring_or_an_assumption(
    endpoint: str, body: dict[str, object], tokens: int
) -> None:
    assert output_tokens(endpoint, body) == tokens


def test_a_prediction_that_fails_is_charged_beside_the_output() -> None:
    body = {"max_tokens": 50, "prediction": {"type": "content", "content": "p" * 4000}}
    assert 1050 <= output_tokens("chat", body, model="gpt-4o") <= 1070


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from([
    "messages", "prompt", "input", "tools", "max_tokens", "n", "thinking", "budget_tokens", "prediction", "content",
    "text", "image_url", "type", "source", "data", "file", "file_data", "cache_control", "max_uses",
])  # fmt: skip


@given(
    st.sampled_from(["chat", "completions", "responses", "messages", "embeddings", "/anything"]),
    st.dictionaries(FIELDS, JSON | st.lists(st.dictionaries(FIELDS, JSON), max_size=3), max_size=5),
)
def test_no_body_makes_an_estimate_fail(endpoint: str, body: dict[str, object]) -> None:
    assert input_tokens("gpt-4o", body) >= 0
    assert 0 < output_tokens(endpoint, body) <= MOST_OUTPUT


@given(tokens=st.integers(0, 10**9), model=st.sampled_from(["gpt-4o", "claude-sonnet-4-5", "mistral-large", "qwen3"]))
def test_the_longest_text_of_so_many_tokens_is_no_more_and_one_byte_longer_is(tokens: int, model: str) -> None:
    longest = estimate.text_of_tokens(model, tokens)
    assert estimate.tokens_of_text(model, longest) <= tokens < estimate.tokens_of_text(model, longest + 1)
