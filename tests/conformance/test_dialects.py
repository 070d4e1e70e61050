"""Every cell of the tables in docs/dialects.md, by real calls through a real gateway, and the page itself.

What a cell must be is written down in `dialects/verdicts.py`, what the APIs document in the callers and providers.
"""

import json
from collections.abc import Iterator

import pytest

from tests.conformance.dialects import told
from tests.conformance.dialects.cell import Cell
from tests.conformance.dialects.features import FEATURES, PLAIN, Feature
from tests.conformance.dialects.heard import seals_of
from tests.conformance.dialects.page import PAGE, rendered
from tests.conformance.dialects.place import Place, place_in
from tests.conformance.dialects.provider import CACHED, NUMBERS
from tests.conformance.dialects.side_tables import (
    COUNTS,
    EMBEDDINGS,
    count,
    count_verdict,
    embed,
    embedding_verdict,
)
from tests.conformance.dialects.specials import SPECIALS, Special
from tests.conformance.dialects.table import CALLERS, PROVIDERS, provider_of
from tests.conformance.dialects.verdicts import DROPPED, PASSED, UNSAID, verdict

CELLS = [
    (caller.id, provider.id, feature.id, mode)
    for caller in CALLERS.values()
    for provider in PROVIDERS.values()
    for feature in FEATURES.values()
    if verdict(caller, provider, feature.id) != UNSAID
    for mode in feature.modes
]
WITH_TOOLS = [caller for caller in CALLERS if "round_trip" in CALLERS[caller].asks]
SIGNING = [provider for provider in PROVIDERS if provider != "chat"]
"""Providers whose thoughts come with something that only they can read."""


@pytest.fixture(scope="session")
def table_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place_in(tmp_path_factory.mktemp("dialects")) as place:
        yield place


@pytest.mark.parametrize(("caller", "provider", "feature", "mode"), CELLS)
def test_a_cell_is_what_the_table_says(table_place: Place, caller: str, provider: str, feature: str, mode: str) -> None:
    cell = Cell(table_place, CALLERS[caller], provider_of(caller, provider), FEATURES[feature], mode)
    assert cell.verdict() == verdict(cell.caller, cell.provider, feature)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("row", EMBEDDINGS)
def test_embeddings_are_what_the_table_says(table_place: Place, provider: str, row: str) -> None:
    assert embed(table_place, PROVIDERS[provider], EMBEDDINGS[row]) == embedding_verdict(PROVIDERS[provider], row)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("row", COUNTS)
def test_tokens_are_counted_by_whom_the_table_says(table_place: Place, provider: str, row: str) -> None:
    assert count(table_place, PROVIDERS[provider], row) == count_verdict(PROVIDERS[provider])


@pytest.mark.parametrize("special", SPECIALS, ids=lambda special: f"{special.title}: {special.provider}")
def test_what_depends_on_the_model_is_what_the_table_says(table_place: Place, special: Special) -> None:
    feature = Feature("special", special.title, {"text": json.dumps(told.TEXT)})
    caller = CALLERS["chat"]._replace(asks={"special": special.asked}, params={"special": special.param})
    provider = PROVIDERS[special.provider]
    provider = provider._replace(model=special.model, received={"text": None, "special": special.received})
    cell = Cell(table_place, caller, provider, feature, PLAIN)
    assert cell.verdict() == (DROPPED if special.param else PASSED)


@pytest.mark.parametrize("second", PROVIDERS)
@pytest.mark.parametrize("first", SIGNING)
@pytest.mark.parametrize("caller", WITH_TOOLS)
def test_a_conversation_goes_on_at_another_provider(table_place: Place, caller: str, first: str, second: str) -> None:
    """What the first one signed stays behind; what it said and called goes along."""
    asked = CALLERS[caller].asks["round_trip"]
    begun = Cell(table_place, CALLERS[caller], PROVIDERS[first], FEATURES["round_trip"], PLAIN)
    _, said = begun.hear(begun.call(asked))
    goes_on = Cell(table_place, CALLERS[caller], PROVIDERS[second], FEATURES["round_trip"], PLAIN)
    more = {**asked, **CALLERS[caller].answers(said, told.RESULTS[0])}
    heard, _ = goes_on.hear(goes_on.call(more, demands={"text": json.dumps(told.TEXT)}))
    assert heard.texts == [told.TEXT]
    sent = json.dumps(table_place.sandbox.last().body, ensure_ascii=False)
    assert told.TEXT in sent
    assert told.RESULTS[0] in sent
    if first != second:
        assert ("skip_thought_signature_validator" in sent) is (second == "gemini"), "Google's documented stand-in"
        assert seals_of(said)
        assert not [seal for seal in seals_of(said) if seal in sent]


@pytest.mark.parametrize("caller", ["chat", "responses", "messages"])
def test_what_went_into_a_cache_is_told(table_place: Place, caller: str) -> None:
    cell = Cell(table_place, CALLERS[caller], PROVIDERS["messages"], FEATURES["cached_usage"], PLAIN)
    written = {"cache_creation_input_tokens": 100, "input_tokens": NUMBERS["input"] - CACHED - 100}
    usage = {**PROVIDERS["messages"].cached_usage, **written}
    reply = cell.call({}, demands={"usage": usage}).json()["usage"]
    if caller == "messages":
        assert (reply["input_tokens"], reply["cache_creation_input_tokens"]) == (500, 100)
    else:
        details = reply["prompt_tokens_details" if caller == "chat" else "input_tokens_details"]
        assert (details["cached_tokens"], details["cache_write_tokens"]) == (CACHED, 100)
        assert reply["prompt_tokens" if caller == "chat" else "input_tokens"] == NUMBERS["input"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_deprecated_functions_of_chat_callers_are_told_as_tools(table_place: Place, provider: str) -> None:
    """developers.openai.com/api/reference, `functions` and `function_call`."""
    cell = Cell(table_place, CALLERS["chat"], PROVIDERS[provider], FEATURES["tools"], PLAIN)
    functions = [tool["function"] for tool in CALLERS["chat"].asks["tools"]["tools"]]
    reply = cell.call({"functions": functions}).json()["choices"][0]
    if cell.is_straight:
        assert table_place.sandbox.last().body["functions"] == functions
        return
    assert reply["finish_reason"] == "function_call"
    assert reply["message"]["function_call"]["name"] == told.TOOL
    assert json.loads(reply["message"]["function_call"]["arguments"]) == told.ARGUMENTS[0]


def test_the_page_says_what_the_tests_prove() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == rendered(page), "docs/dialects.md is not what these tests prove: make dialects rewrites it"
