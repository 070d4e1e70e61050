import pytest

from gatewatch.providers.catalogue import presets
from gatewatch.providers.opt_out import merged, opt_out_of
from gatewatch.providers.quirks import Quirks

STORE = Quirks(opt_out={"openai-chat": {"store": False}, "embeddings": {"keep": False}})


@pytest.mark.parametrize(
    ("dialect", "endpoint", "said"),
    [
        ("openai-chat", "chat", {"store": False}),
        ("openai-chat", "messages", {"store": False}),  # translated: what goes out is a chat completion
        ("openai-chat", "embeddings", {"keep": False}),
        ("openai-chat", "completions", {}),
        ("openai-chat", "count_tokens", {}),  # it makes nothing, and knows no other parameters
        ("anthropic-messages", "messages", {}),
    ],
)
def test_each_kind_of_request_says_what_it_can_say(dialect: str, endpoint: str, said: dict[str, bool]) -> None:
    assert opt_out_of(STORE, dialect, endpoint, zero_retention=False) == said


def test_openrouter_is_told_both_where_nothing_may_be_kept() -> None:
    """openrouter.ai/docs/guides/features/zdr: `provider: {data_collection: "deny"}` and `provider: {zdr: true}`."""
    quirks = presets()["openrouter"].quirks
    training = opt_out_of(quirks, "openai-chat", "chat", zero_retention=False)
    nothing = opt_out_of(quirks, "openai-chat", "chat", zero_retention=True)
    assert training == {"provider": {"data_collection": "deny"}}
    assert nothing == {"provider": {"data_collection": "deny", "zdr": True}}


def test_a_caller_keeps_what_else_it_said_and_cannot_take_the_opt_out_back() -> None:
    asked = {"model": "m", "provider": {"order": ["a"], "data_collection": "allow"}, "store": True}
    sent = merged(asked, {"provider": {"data_collection": "deny"}, "store": False})
    assert sent == {"model": "m", "provider": {"order": ["a"], "data_collection": "deny"}, "store": False}
    assert asked["provider"] == {"order": ["a"], "data_collection": "allow"}


def test_a_value_that_is_no_mapping_gives_way() -> None:
    assert merged({"provider": "x"}, {"provider": {"zdr": True}}) == {"provider": {"zdr": True}}
