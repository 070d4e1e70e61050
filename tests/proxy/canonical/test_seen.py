"""What a reply says of itself, bounded."""

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice, Usage
from proxy.canonical.events import ArgumentsAdded, Finished, ReasoningAdded, Started, TextAdded, ToolCalled, UsageSeen
from proxy.canonical.parts import Reasoning, Text, ToolCall
from proxy.canonical.seen import Seen, Told


def test_the_first_word_on_model_and_tier_counts() -> None:
    seen = Seen()
    seen.name_model(None, None)
    seen.name_model("", 5)
    seen.name_model("gpt-4o-mini-2024-07-18", None)
    seen.name_model("another", "flex")
    seen.name_model("another", "priority")
    assert (seen.served_model, seen.service_tier) == ("gpt-4o-mini-2024-07-18", "flex")


def test_names_of_any_length_and_type_are_cut() -> None:
    seen = Seen()
    seen.name_model("m" * 10_000, "t" * 10_000)
    seen.finished("r" * 10_000)
    assert [len(text or "") for text in (seen.served_model, seen.service_tier, seen.finish_reason)] == [256, 40, 40]
    other = Seen()
    other.name_model({"x": 1}, ["y"])
    other.finished(5)
    assert (other.served_model, other.service_tier, other.finish_reason) == (None, None, None)


def test_the_last_reason_counts() -> None:
    seen = Seen()
    seen.finished("tool_calls")
    seen.finished(None)
    seen.finished("stop")
    assert seen.finish_reason == "stop"


def test_a_whole_reply_in_the_canonical_form_tells_the_same() -> None:
    seen = Told()
    seen.take_answer(
        Answer(
            model="claude-x",
            service_tier="standard",
            usage=Usage(raw={"input_tokens": 3}, tokens=Tokens(input_uncached=3, output=2), searches=1),
            choices=[
                Choice(
                    parts=[Reasoning(text="ab"), Text(text="cde"), ToolCall(id="1", name="f", arguments="{}")],
                    finish="tool_calls",
                )
            ],
        )
    )
    assert (seen.served_model, seen.service_tier, seen.finish_reason) == ("claude-x", "standard", "tool_calls")
    assert (seen.tokens(), seen.usage, seen.searches) == (
        Tokens(input_uncached=3, output=2),
        {"input_tokens": 3},
        1,
    )
    assert seen.produced_characters == len("ab" + "cde" + "f" + "{}")


def test_events_of_a_stream_add_up_to_the_same() -> None:
    seen = Told()
    early, late = Tokens(input_uncached=3), Tokens(input_uncached=3, output=2)
    for event in (
        Started(id="r", model="claude-x", usage=Usage(raw={"a": 1}, tokens=early)),
        ReasoningAdded(text="ab"),
        TextAdded(text="cd"),
        TextAdded(text="e"),
        ToolCalled(id="1", name="f", tool=0),
        ArgumentsAdded(text="{}", tool=0),
        Finished(reason="tool_calls"),
        UsageSeen(usage=Usage(raw={"a": 2}, tokens=late)),
        UsageSeen(usage=Usage()),
    ):
        seen.take(event)
    assert (seen.served_model, seen.finish_reason, seen.produced_characters) == ("claude-x", "tool_calls", 8)
    assert (seen.usage, seen.tokens()) == ({"a": 2}, late), "the last usage that says anything counts"


def test_a_usage_that_its_dialect_could_not_read_is_kept_and_counts_nothing() -> None:
    seen = Told()
    seen.take(UsageSeen(usage=Usage(raw={"input_tokens": -1}, tokens=None)))
    assert (seen.usage, seen.tokens()) == ({"input_tokens": -1}, None)


def test_the_tier_that_is_told_at_the_end_counts_where_none_was_told_before() -> None:
    seen = Told()
    seen.take(Started(model="gpt-5"))
    seen.take(UsageSeen(usage=Usage(), service_tier="flex"))
    assert (seen.served_model, seen.service_tier) == ("gpt-5", "flex")


def test_what_is_charged_apart_is_told_even_where_no_usage_came() -> None:
    seen = Told()
    assert (seen.file_searches, seen.unpriced_pieces) == (0, False)
    seen.take(UsageSeen(usage=Usage(file_searches=2, unpriced_pieces=True)))
    seen.take(UsageSeen(usage=Usage(raw={"a": 1})))
    assert (seen.file_searches, seen.unpriced_pieces) == (2, True)


def test_reasoning_that_stands_beside_the_output_counts_where_the_provider_is_known_for_it() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 5}}
    seen = Told()
    seen.reasoning_outside = True
    seen.take(UsageSeen(usage=Usage(raw=usage, tokens=None)))
    assert seen.tokens() == Tokens(input_uncached=9, output=7, output_reasoning=5)
