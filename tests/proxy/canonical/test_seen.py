"""What a reply says of itself, bounded."""

from proxy.canonical.seen import Seen


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
