from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.worker.shaping.prefixes import CACHED_SECONDS, REMEMBERED_SECONDS, Prefixes, Repeated, last_turn

LONG = "You help the customers of a bakery. " * 200
Body = dict[str, Any]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def user(text: str) -> Body:
    return {"role": "user", "content": text}


def model(text: str) -> Body:
    return {"role": "assistant", "content": text}


def chat(*messages: Body, system: str = LONG) -> Body:
    return {"model": "talk", "messages": [{"role": "system", "content": system}, *messages]}


def seen(prefixes: Prefixes, body: Body, endpoint: str = "chat", team: str = "search") -> Repeated | None:
    return prefixes.repeated(team, endpoint, body)


def test_nothing_has_come_before_the_first_time() -> None:
    assert seen(Prefixes(), chat(user("a"))) is None


@pytest.mark.parametrize(
    ("endpoint", "first", "second"),
    [
        ("chat", chat(user("a")), chat(user("b"))),
        ("messages", {"system": LONG, "messages": [user("a")]}, {"system": LONG, "messages": [user("b")]}),
        ("responses", {"instructions": LONG, "input": "a"}, {"instructions": LONG, "input": "b"}),
        ("responses", {"instructions": LONG, "input": [user("a")]}, {"instructions": LONG, "input": [user("b")]}),
    ],
)
def test_instructions_that_come_again_are_noticed_whatever_is_asked(endpoint: str, first: Body, second: Body) -> None:
    prefixes = Prefixes()
    assert seen(prefixes, first, endpoint) is None
    found = seen(prefixes, second, endpoint)
    assert found is not None
    assert found.head > len(LONG)
    assert found.whole == 0, "there is nothing between them and what is asked"


def test_tools_are_part_of_it() -> None:
    prefixes, tool = Prefixes(), {"type": "function", "function": {"name": "look", "description": LONG}}
    assert seen(prefixes, {"tools": [tool], "messages": [user("a")]}) is None
    assert seen(prefixes, {"tools": [tool], "messages": [user("b")]}) is not None
    assert seen(prefixes, {"tools": [tool, tool], "messages": [user("b")]}) is None


def test_a_conversation_that_has_grown_is_the_same_one() -> None:
    prefixes = Prefixes()
    turns = [user("a"), model("A"), user("b"), model("B"), user("c")]
    assert seen(prefixes, chat(*turns[:1])) is None
    second, third = seen(prefixes, chat(*turns[:3])), seen(prefixes, chat(*turns))
    assert second is not None
    assert third is not None
    assert third.whole > second.whole > second.head


def test_examples_before_a_new_question_are_noticed() -> None:
    prefixes, examples = Prefixes(), [user("2+2"), model("4")]
    assert seen(prefixes, chat(*examples, user("3+3"), system="Sum.")) is None
    found = seen(prefixes, chat(*examples, user("5+5"), system="Sum."))
    assert found is not None
    assert found.whole > 0


def test_another_beginning_is_another_one() -> None:
    prefixes = Prefixes()
    seen(prefixes, chat(user("a")))
    assert seen(prefixes, chat(user("a"), system=LONG + "!")) is None


def test_teams_know_nothing_of_each_other() -> None:
    prefixes = Prefixes()
    seen(prefixes, chat(user("a")))
    assert seen(prefixes, chat(user("a")), team="ads") is None
    mine, theirs = seen(prefixes, chat(user("a"))), seen(prefixes, chat(user("a")), team="ads")
    assert mine is not None
    assert theirs is not None
    assert mine.key != theirs.key


def test_what_comes_too_rarely_for_a_provider_to_keep_it_is_only_named() -> None:
    clock = Clock()
    prefixes = Prefixes(clock=clock)
    seen(prefixes, chat(user("a")))
    clock.now += CACHED_SECONDS + 1
    found = seen(prefixes, chat(user("a")))
    assert found is not None
    assert (found.head, found.whole) == (0, 0)
    assert found.key is not None
    clock.now += CACHED_SECONDS - 1
    again = seen(prefixes, chat(user("a")))
    assert again is not None
    assert again.head > 0
    clock.now += REMEMBERED_SECONDS + 1
    assert seen(prefixes, chat(user("a"))) is None


def test_the_key_stays_the_same_through_a_conversation_and_tells_nothing_of_it() -> None:
    prefixes = Prefixes()
    turns = [user("a"), model("A"), user("b"), model("B"), user("c")]
    keys = {found.key for count in (1, 1, 3, 5) if (found := seen(prefixes, chat(*turns[:count], system="Hi.")))}
    (key,) = keys
    assert key is not None
    assert len(key) == 35
    assert key.startswith("gw-")
    assert set(key[3:]) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "body",
    [
        {"system": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}], "messages": [user("a")]},
        {
            "system": LONG,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}]}],
        },
        {"tools": [{"name": "x", "cache_control": {"type": "ephemeral"}}], "system": LONG, "messages": [user("a")]},
    ],
)
def test_who_sets_markers_is_left_alone(body: Body) -> None:
    prefixes = Prefixes()
    assert [seen(prefixes, body, "messages") for _ in range(3)] == [None] * 3


def test_words_about_markers_are_none() -> None:
    prefixes, text = Prefixes(), LONG + ' as in {"cache_control": {"type": "ephemeral"}}'
    seen(prefixes, chat(user("a"), system=text))
    assert seen(prefixes, chat(user("a"), system=text)) is not None


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("embeddings", {"input": LONG}),
        ("completions", {"prompt": LONG}),
        ("count_tokens", {"system": LONG, "messages": [user("a")]}),
        ("responses", {"instructions": LONG, "input": "a", "previous_response_id": "resp_1"}),
        ("chat", chat(user("a")) | {"prompt_cache_options": {"mode": "explicit"}}),
        ("chat", {"messages": "strange"}),
        ("chat", {}),
        ("responses", {"input": None}),
    ],
)
def test_some_requests_have_no_beginning_that_could_be_cached(endpoint: str, body: Body) -> None:
    prefixes = Prefixes()
    assert [seen(prefixes, body, endpoint) for _ in range(2)] == [None, None]


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    prefixes = Prefixes(most=30)
    seen(prefixes, chat(user("first"), system=LONG + "first"))
    for number in range(20):
        seen(prefixes, chat(user("a"), system=f"{LONG}{number}"))
    assert len(prefixes._seen) == 30
    assert seen(prefixes, chat(user("first"), system=LONG + "first")) is None


@pytest.mark.parametrize(
    ("messages", "before"),
    [
        ([], 0),
        ([user("a")], 0),
        ([user("a"), model("A"), user("b")], 2),
        ([user("a"), user("b")], 1),
        ([user("a"), model("A"), user("b"), model("It")], 2),
        ([user("a"), model("call"), {"role": "tool", "content": "1"}, {"role": "tool", "content": "2"}], 2),
        ([user("a"), {"type": "function_call"}, {"type": "function_call_output"}, {"type": "function_call_output"}], 2),
    ],
)
def test_the_last_turn_is_what_was_last_asked_or_what_tools_have_answered(messages: list[Body], before: int) -> None:
    assert last_turn(messages) == before


@given(
    st.sampled_from(("chat", "messages", "responses")),
    st.dictionaries(
        st.sampled_from(("messages", "system", "tools", "input", "instructions")),
        st.recursive(
            st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
        ),
    ),
)
def test_no_request_is_too_strange_and_only_what_is_the_same_comes_again(endpoint: str, body: Body) -> None:
    prefixes = Prefixes()
    assert seen(prefixes, body, endpoint) is None
    seen(prefixes, body, endpoint)
