"""One call as text."""

from app.console import call_view
from app.console.charges import Charge, Charges
from tests.kit.console_stage import HOSTILE, PRICE

CALL = {
    "call_id": "x",
    "started_at": "2026-11-20T10:00:00.000000Z",
    "status": "error",
    "http_status": 502,
    "error_kind": "upstream_error",
    "error_message": "it broke",
    "requested_model": "bot",
    "model": "gpt-4o",
    "latency_ms": 1000.0,
    "attempts_detail": [
        {
            "started_at": "2026-11-20T10:00:00.500000Z",
            "n": 1,
            "provider": "openai",
            "model": "gpt-4o",
            "status": "error",
            "http_status": None,
            "error_kind": "upstream_unreachable",
            "latency_ms": 250.0,
            "connect_ms": None,
            "first_byte_ms": None,
        }
    ],
}


def test_a_bar_stands_where_the_attempt_was_in_the_time_of_the_call() -> None:
    bar = call_view.time_line(CALL, 44).plain.splitlines()[2]
    assert bar == "    " + "·" * 20 + "█" * 10 + "·" * 10


def test_a_bar_is_never_wider_than_its_place_nor_empty() -> None:
    for offset, length, total in ((0, 0, 0), (5000, 10, 1000), (-10, 99999, 1000), (0, 0, 1000)):
        bar = call_view._bar(offset, length, total, 40).plain
        assert len(bar) == 40
        assert ("█" in bar) == (total > 0)


def test_what_was_in_its_way_is_told_with_the_command_that_tells_more() -> None:
    met = {
        "blocked_by": "budgets.ads/usd",
        "reserved_usd": "0.25",
        "stepped_down": "budgets.ads/usd",
        "queued_ms": 1200.0,
    }
    assert call_view.limits(CALL | met, 100).plain.splitlines() == [
        "Limits      blocked by budgets.ads/usd   held for it 0.25 USD   stepped down for budgets.ads/usd",
        "            waited 1.20 s",
        "            more: gatewatch explain x",
    ]
    assert call_view.limits(CALL, 100).plain == "Limits      more: gatewatch explain x"


def test_an_attempt_that_got_no_answer_says_so() -> None:
    attempt = call_view.time_line(CALL, 80).plain.splitlines()
    assert attempt[1] == "1 ✗   – upstream_unreachable  openai/gpt-4o  250 ms"
    assert attempt[3] == "    no answer", "whether there was a connection is not known"


def test_an_attempt_that_got_an_answer_says_on_which_connection() -> None:
    (attempt,) = CALL["attempts_detail"]  # type: ignore[misc]
    for told, said in (
        ({"http_status": 502}, "connection kept"),
        ({"http_status": 502, "first_byte_ms": 5.0}, "connection kept, first byte 5.0 ms"),
        ({"http_status": 200, "connect_ms": 1.5, "first_byte_ms": 5.0}, "connect 1.5 ms, first byte 5.0 ms"),
        ({"connect_ms": 1.5}, "connect 1.5 ms, no answer"),
    ):
        text = call_view.time_line(CALL | {"attempts_detail": [attempt | told]}, 80).plain
        assert text.splitlines()[3].strip() == said


def test_a_refused_call_had_no_attempts() -> None:
    assert "without asking any provider" in call_view.time_line(CALL | {"attempts_detail": []}, 80).plain


def test_what_was_asked_for_and_where_it_went() -> None:
    assert "bot → gpt-4o" in call_view.summary(CALL).plain
    assert "→" not in call_view.summary(CALL | {"model": "bot"}).plain
    assert "→" not in call_view.summary(CALL | {"model": None}).plain


def test_a_translated_call_says_from_and_to_what() -> None:
    asked, straight = {"endpoint": "responses", "dialect": "gemini"}, {"endpoint": "chat", "dialect": "openai-chat"}
    assert "translated from openai-responses to gemini" in call_view.summary(CALL | asked).plain
    assert "as it came, in gemini" not in call_view.summary(CALL | asked).plain
    assert "as it came, in openai-chat" in call_view.summary(CALL | straight).plain
    assert "translated" not in call_view.summary(CALL).plain, "no provider was spoken to"


def test_what_was_dropped_is_listed() -> None:
    text = call_view.details(CALL | {"dropped_params": ["seed", "top_k", HOSTILE]}, 200).plain
    assert "Dropped     seed not told   top_k not told   " in text
    assert "\x1b" not in text
    assert "Dropped" not in call_view.details(CALL | {"dropped_params": []}, 80).plain


def test_an_error_is_its_code_and_its_words() -> None:
    assert call_view.error(CALL).plain == "✗ upstream_error  it broke"
    assert call_view.error(CALL | {"error_kind": None}).plain == ""


def test_an_unpriced_call_says_unpriced_where_the_sum_would_be() -> None:
    charges = Charges((Charge("output", 5, None),), None, None)
    text = call_view.money(charges, None, None, "unpriced").plain
    assert text.splitlines()[-1].split() == ["total", "unpriced", "unpriced"]
    assert text.splitlines()[-2].split() == ["output", "5", "–", "–"]


def test_a_price_row_that_is_not_known_here_is_named_all_the_same() -> None:
    text = call_view.money(Charges((), 10**12, None), PRICE.id, None, "computed").plain
    assert PRICE.id in text
    assert "does not have that row" in text
    assert text.splitlines()[-1].split() == ["total", "1", "computed"]


def test_what_is_not_by_tokens_has_its_own_line() -> None:
    text = call_view.money(Charges((), 3, 3), PRICE.id, PRICE, "computed").plain
    assert "not by tokens" in text
    assert "0.000000000003" in text


def test_only_what_is_known_is_listed_and_lines_are_not_too_long() -> None:
    tags = {f"tag-{n}": "v" * 10 for n in range(20)}
    text = call_view.details(CALL | {"tags": tags, "params": {"temperature": 0.2}}, 60).plain
    assert "temperature 0.2" in text
    assert "Versions" not in text
    assert max(len(line) for line in text.splitlines()) <= 60


def test_names_of_tags_and_parameters_are_hostile_too() -> None:
    text = call_view.details({"tags": {HOSTILE: HOSTILE}, "params": {HOSTILE: HOSTILE}}, 60).plain
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[/close]" in text


def test_what_the_call_says_is_not_said_again_by_its_attempt() -> None:
    (attempt,) = CALL["attempts_detail"]  # type: ignore[misc]
    for message, times in (("it broke", 0), ("refused", 1)):
        call = CALL | {"attempts_detail": [attempt | {"error_message": message}]}
        assert call_view.time_line(call, 80).plain.count(message) == times
