import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import NONE, Demands, read
from proxy.sandbox.prose import key_of
from proxy.sandbox.said import Tool, citations, no_such_finish, say

KEY = key_of("a request")
WEATHER = Tool("get_weather", {"type": "object", "properties": {"city": {"enum": ["Ulm"]}}})


def demanding(**headers: str) -> Demands:
    return read({name.replace("_", "-"): value for name, value in headers.items()})


def test_with_no_demands_it_is_prose() -> None:
    said = say(KEY, NONE, tools=[WEATHER])
    assert said.whole_text.startswith("This is the sandbox.")
    assert (said.finish, said.calls, said.thinking) == ("stop", [], [])


def test_a_tool_that_must_be_called_is_called_with_arguments_that_fit() -> None:
    said = say(KEY, NONE, must_call=[WEATHER], tools=[WEATHER])
    (call,) = said.calls
    assert (call.name, call.arguments, said.finish, said.text) == ("get_weather", '{"city":"Ulm"}', "tool_calls", [])


def test_thoughts_text_and_calls_are_said_word_for_word() -> None:
    demands = demanding(
        thinking='"Hm."', text='"Wait."', calls='[{"name":"a","arguments":{"x":1}},{"name":"b","arguments":"any text"}]'
    )
    said = say(KEY, demands, tools=[Tool("b", None, True)], thought=500)
    assert ("".join(said.thinking), said.whole_text) == ("Hm.", "Wait.")
    assert [(call.name, call.arguments, call.free_form) for call in said.calls] == [
        ("a", '{"x":1}', False),
        ("b", "any text", True),
    ]
    assert said.finish == "tool_calls"
    assert said.thought == 1  # three characters, and not what the model would have thought
    assert said.tokens == 2 + (2 + 1) + (2 + 1)  # five characters; seven and a name; eight and a name


def test_redacted_thoughts_are_counted_but_not_shown() -> None:
    said = say(KEY, demanding(thinking='"redacted"'))
    assert (said.thinking, said.thought) == ([], 64)


def test_a_limit_cuts_thoughts_first_then_text_then_calls() -> None:
    demands = demanding(thinking='"12345678"', text='"abcdefgh"', calls='[{"name":"a","arguments":"ABCDEFGH"}]')
    for limit, thinking, text, arguments in (
        (1, "1234", "", []),
        (2, "12345678", "", []),
        (3, "12345678", "abcd", []),
        (5, "12345678", "abcdefgh", ["ABCD"]),
    ):
        said = say(KEY, demands, limit=limit)
        assert ("".join(said.thinking), said.whole_text) == (thinking, text)
        assert [call.arguments for call in said.calls] == arguments
        assert said.finish == "length"
    assert say(KEY, demands, limit=6).finish == "tool_calls"


def test_of_two_calls_the_second_may_be_cut() -> None:
    demands = demanding(calls='[{"name":"a","arguments":"ABCD"},{"name":"b","arguments":"EFGHIJKL"}]')
    assert [call.arguments for call in say(KEY, demands, limit=2).calls] == ["ABCD", "EFGH"]
    said = say(KEY, demands, limit=1)
    assert ([call.arguments for call in said.calls], said.finish) == (["ABCD"], "length")


def test_a_refusal_has_its_own_words_and_calls_nothing() -> None:
    said = say(KEY, demanding(finish="refusal"), must_call=[WEATHER])
    assert (said.whole_text, said.refused, said.calls) == ("I'm sorry, but I can't help with that.", True, [])
    assert say(KEY, demanding(finish="refusal", text='"No."')).whole_text == "No."


def test_the_end_can_be_dictated() -> None:
    assert say(KEY, demanding(finish="length")).finish == "length"
    assert isinstance(no_such_finish("pause", "here"), ApiError)


def test_a_schema_and_any_json_are_met() -> None:
    assert say(KEY, NONE, schema={"const": 7}).whole_text == "7"
    assert say(KEY, NONE, any_json=True).whole_text.startswith('{"answer":"This is')


@pytest.mark.parametrize(("quote", "place"), [("two", (4, 7)), ("none", (0, 13)), ("", (0, 13))])
def test_a_citation_is_where_its_quote_stands(quote: str, place: tuple[int, int]) -> None:
    demands = demanding(citations=f'[{{"url":"https://a.test","title":"A","quote":"{quote}"}}]')
    (found,) = citations(demands, "one two three")
    assert (found.url, found.title, (found.start_index, found.end_index)) == ("https://a.test", "A", place)
    assert citations(NONE, "one") == []
