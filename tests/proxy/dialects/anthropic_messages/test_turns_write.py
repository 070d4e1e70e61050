"""Turns as `system` and `messages`, by Anthropic's rules for their order."""

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import CacheMark, Image, Part, Source, Text, ToolCall, ToolResult
from proxy.dialects.anthropic_messages.blocks_write import BlocksWriter
from proxy.dialects.anthropic_messages.turns_write import arrange, write_turns
from proxy.refusal import Refusal

Role = Literal["system", "developer", "user", "assistant"]


def turn(role: Role, *said: str | Part) -> Turn:
    return Turn(role=role, parts=[Text(text=each) if isinstance(each, str) else each for each in said])


def write(*turns: Turn, late_system: bool = False) -> tuple[Any, list[dict[str, Any]]]:
    losses = Losses("p")
    return write_turns(list(turns), BlocksWriter(losses, images=True), losses, late_system=late_system)


def test_leading_instructions_are_the_system_prompt() -> None:
    assert write(turn("system", "Be brief."), turn("user", "hi")) == ("Be brief.", [{"role": "user", "content": "hi"}])
    assert write(turn("system", "A"), turn("developer", "B"), turn("user", "hi"))[0] == [
        {"type": "text", "text": "A"},
        {"type": "text", "text": "B"},
    ]


def test_a_marked_text_stays_a_block() -> None:
    system, _ = write(turn("system", Text(text="A", cache=CacheMark())), turn("user", "hi"))
    assert system == [{"type": "text", "text": "A", "cache_control": {"type": "ephemeral"}}]


def test_neighbours_of_one_role_are_one_message() -> None:
    assert write(
        turn("user", "a"), turn("user", "b"), turn("assistant", "c"), turn("assistant", ""), turn("user", "d")
    )[1] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": "d"},
    ]


def test_results_of_tools_stand_first_in_their_order() -> None:
    _, messages = write(
        turn("user", "go"),
        turn("assistant", ToolCall(id="a", name="f", arguments=""), ToolCall(id="b", name="f", arguments="")),
        turn("user", ToolResult(call_id="a", parts=[Text(text="1")])),
        turn("user", "and mind", ToolResult(call_id="b", parts=[Text(text="2")])),
    )
    assert [block["type"] for block in messages[2]["content"]] == ["tool_result", "tool_result", "text"]
    assert [block.get("tool_use_id") for block in messages[2]["content"]] == ["a", "b", None]


LATE = [
    turn("system", "S"),
    turn("user", "1"),
    turn("system", "now"),
    turn("assistant", "2"),
    turn("developer", "before a user"),
    turn("user", "3"),
    turn("system", "at the end"),
]


def test_late_instructions_stay_where_anthropic_allows_them_and_the_others_are_hoisted() -> None:
    system, messages = write(*LATE, late_system=True)
    assert system == [{"type": "text", "text": "S"}, {"type": "text", "text": "before a user"}]
    assert [(each["role"], each["content"]) for each in messages] == [
        ("user", "1"),
        ("system", "now"),
        ("assistant", "2"),
        ("user", "3"),
        ("system", "at the end"),
    ]


def test_older_models_get_all_instructions_first() -> None:
    system, messages = write(*LATE)
    assert [block["text"] for block in system] == ["S", "now", "before a user", "at the end"]
    assert [each["role"] for each in messages] == ["user", "assistant", "user"]


def test_instructions_alone_are_asked() -> None:
    assert write(turn("system", "Write a poem.")) == (None, [{"role": "user", "content": "Write a poem."}])


def test_nothing_is_nothing() -> None:
    assert write(turn("user", " ")) == (None, [])


def test_white_space_at_the_end_of_a_prefill_goes() -> None:
    assert write(turn("user", "a"), turn("assistant", "The answer is \n"))[1][-1]["content"] == "The answer is"
    marked = Text(text="So: ", cache=CacheMark())
    assert write(turn("user", "a"), turn("assistant", marked))[1][-1]["content"][0]["text"] == "So:"
    assert write(turn("user", "a "))[1][-1]["content"] == "a "


def test_pictures_keep_their_place_among_words() -> None:
    image = Image(source=Source(url="https://i.example"))
    (message,) = write(turn("user", "this", image, "or that"))[1]
    assert [block["type"] for block in message["content"]] == ["text", "image", "text"]


def test_instructions_are_text() -> None:
    with pytest.raises(Refusal) as raised:
        write(turn("system", Image(source=Source(url="https://i.example"))), turn("user", "hi"))
    assert raised.value.param == "turns"


def test_names_of_speakers_are_lost() -> None:
    with pytest.raises(Refusal) as raised:
        write(Turn(role="user", name="ada", parts=[Text(text="hi")]))
    assert raised.value.param == "name"
    unnamed = [turn("user", "hi"), turn("assistant", "yes")]
    assert write(unnamed[0], Turn(role="assistant", name="bot", parts=[Text(text="yes")])) == write(*unnamed)


roles = st.sampled_from(["system", "developer", "user", "assistant"])
turns_of = st.lists(st.tuples(roles, st.lists(st.sampled_from(["a", "b", " "]), max_size=2)), max_size=8)


@given(turns_of, st.booleans())
def test_every_arrangement_obeys_the_rules_and_loses_no_word(said: Any, late_system: bool) -> None:
    turns = [turn(role, *words) for role, words in said]
    instructions, messages = arrange(turns, late_system=late_system)
    roles_ = [role for role, _ in messages]
    for place, role in enumerate(roles_):
        before, after = roles_[place - 1] if place else None, roles_[place + 1 : place + 2]
        assert role != before
        if role == "system":
            assert late_system
            assert before == "user"
            assert after in ([], ["assistant"])
    assert all(parts for _, parts in messages)
    kept = instructions + [part for _, parts in messages for part in parts]
    assert sorted(part.text for part in kept if isinstance(part, Text)) == sorted(
        word for _, words in said for word in words if word.strip()
    )
