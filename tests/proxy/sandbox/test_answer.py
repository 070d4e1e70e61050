import msgspec
import pytest

from proxy.sandbox.answer import Choice, Endpoint, Place, cut
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.azure_manners import AZURE
from proxy.sandbox.chat import ChatAnswer
from proxy.sandbox.openai_manners import OPENAI
from proxy.sandbox.request_bodies import ChatAsked

WORDS = ["One", " two", " three", " four"]


def test_without_stops_or_limit_a_text_ends_by_itself() -> None:
    assert cut(WORDS, [], None) == (WORDS, "stop")


def test_a_limit_counts_tokens() -> None:
    assert cut(WORDS, [], 2) == (["One", " two"], "length")
    assert cut(WORDS, [], 4) == (WORDS, "stop")
    assert cut(WORDS, [], 0) == ([], "length")


@pytest.mark.parametrize(
    ("stops", "kept"),
    [
        (["thr"], ["One", " two", " "]),
        ([" three"], ["One", " two"]),
        (["four", "two"], ["One", " "]),
        (["One"], []),
        (["five"], WORDS),
    ],
)
def test_the_text_ends_before_the_stop_that_comes_first(stops: list[str], kept: list[str]) -> None:
    assert cut(WORDS, stops, None) == (kept, "stop")


def test_a_stop_before_the_limit_is_a_stop() -> None:
    assert cut(WORDS, [" three"], 3) == (["One", " two"], "stop")


def test_the_name_of_a_function_is_output_too() -> None:
    assert Choice(["{}"], "tool_calls", "get_weather").tokens == 1 + 3  # 11 characters, four to a token
    assert Choice(WORDS, "stop").tokens == 4


CHAT = Endpoint(ChatAsked, ChatAnswer, OPENAI, frozenset({"model", "messages"}))
HERE = Place(None, {}, "/")


def body(**fields: object) -> bytes:
    return msgspec.json.encode({"messages": [{"role": "user", "content": "hi"}]} | fields)


def test_the_model_is_in_the_body_or_in_the_address() -> None:
    assert CHAT.read(body(model="m"), HERE).model == "m"
    assert CHAT.read(body(), Place("deployed", {}, "/")).model == "deployed"
    assert CHAT.read(body(model="m"), Place("deployed", {}, "/")).model == "deployed"
    with pytest.raises(ApiError, match="you must provide a model parameter"):
        CHAT.read(body(), HERE)


def test_a_parameter_that_nobody_knows_is_refused_unless_the_model_is_lenient() -> None:
    with pytest.raises(ApiError, match=r"Unknown parameter: 'colour'\."):
        CHAT.read(body(model="m", colour="red"), HERE)
    assert CHAT.read(body(model="lenient-m", colour="red"), HERE).model == "lenient-m"


def test_an_endpoint_may_have_somebody_elses_door() -> None:
    behind = CHAT.with_manners(AZURE)
    assert (behind.manners, CHAT.manners, behind.known) == (AZURE, OPENAI, CHAT.known)
