"""Estimates follow the vendors' stated figures, hold for other scripts than Latin, and never fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy import estimate
from proxy.estimate import DEFAULT_OUTPUT_TOKENS, IMAGE_TOKENS, TOKENS_PER_MESSAGE, input_tokens, output_tokens


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
    assert estimate.size(user(content)) == (40, 1, 1)
    assert input_tokens("gpt-4o", user(content), 150) == 21 + IMAGE_TOKENS
    assert input_tokens("gpt-4o", user("a" * 40), 25) == 4, "rounded up from 3.5"


def test_documents_are_text_where_they_are_and_a_flat_amount_where_not() -> None:
    told = [{"type": "document", "source": {"type": "text", "data": "d" * 400}}]
    assert estimate.size(user(told)) == (400, 1, 0)
    assert estimate.size(user([{"type": "document", "source": {"type": "base64", "data": "AAAA"}}])) == (0, 1, 1)


def test_what_is_usual_takes_the_place_of_the_assumption_but_not_of_a_limit() -> None:
    assert output_tokens({}, 2000) == 2000
    assert output_tokens({"n": 3}, 2000) == 6000
    assert output_tokens({"max_tokens": 7}, 2000) == 7


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
    ("body", "tokens"),
    [
        ({"max_tokens": 64}, 64),
        ({"max_completion_tokens": 32, "max_tokens": 64}, 32),
        ({}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": None}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": -5}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": 0}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": True}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": "64"}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": 10**30}, DEFAULT_OUTPUT_TOKENS),
    ],
)
def test_the_output_is_the_calls_own_limit_or_an_assumption(body: dict[str, object], tokens: int) -> None:
    assert output_tokens(body) == tokens


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["messages", "prompt", "input", "tools", "max_tokens", "content", "text", "image_url"])


@given(st.dictionaries(FIELDS, JSON | st.lists(st.dictionaries(FIELDS, JSON), max_size=3), max_size=5))
def test_no_body_makes_an_estimate_fail(body: dict[str, object]) -> None:
    assert input_tokens("gpt-4o", body) >= 0
    assert output_tokens(body) > 0
