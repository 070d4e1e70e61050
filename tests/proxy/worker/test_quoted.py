"""A provider that quotes the prompt in its error does not bring it into the ledger."""

import pytest

from proxy.worker.quoted import without_quotes

PROMPT = "where is the ledger of Zarathustra's bank, §42?"
BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": [{"type": PROMPT}]}], "stop": ["a\nb" * 9]}


@pytest.mark.parametrize("mark", ["'", '"', "`"])
def test_what_is_quoted_of_the_request_is_left_out(mark: str) -> None:
    said = f"Invalid value: {mark}{PROMPT}{mark}. Supported values are: 'text' and 'image_url'."
    assert without_quotes(said, BODY) == (
        f"Invalid value: {mark}[from the request]{mark}. Supported values are: 'text' and 'image_url'."
    )


def test_several_quotations_and_parts_of_a_text_are_left_out() -> None:
    said = f"'{PROMPT}' and again '{PROMPT[:20]}', '{PROMPT[20:40]}'"
    assert without_quotes(said, BODY) == "'[from the request]' and again '[from the request]', '[from the request]'"


def test_line_breaks_and_quotation_marks_in_a_prompt_hide_nothing() -> None:
    text = 'she said "no",\nand that it\'s "over" now'
    assert without_quotes(f"bad: '{text}'.", {"input": text}) == "bad: '[from the request]'."
    assert without_quotes('bad: "' + "a\nb" * 9 + '"', BODY) == 'bad: "[from the request]"'


def test_a_quotation_whose_end_was_cut_off_is_one() -> None:
    assert without_quotes(f"Invalid value: '{PROMPT[:30]}", BODY) == "Invalid value: '[from the request]"


def test_what_the_request_does_not_hold_stays() -> None:
    said = "The model 'a-model-that-nobody-has-seen' does not exist, nor does 'gpt-4o-mini'."
    assert without_quotes(said, BODY) == said
    assert without_quotes("no quotation at all, however long it may be", BODY) == (
        "no quotation at all, however long it may be"
    )
    assert without_quotes(f"'{PROMPT}'", {}) == f"'{PROMPT}'"


def test_the_name_of_the_model_stays() -> None:
    said = "The model 'claude-sonnet-of-another-account' does not exist."
    assert without_quotes(said, BODY | {"model": "claude-sonnet-of-another-account"}) == said


def test_many_marks_cost_little() -> None:
    said = "'" * 400 + "x" * 90  # no longer than a row keeps
    assert without_quotes(said, BODY) == said
