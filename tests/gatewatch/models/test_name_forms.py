"""One model has many names: with a date, a version, a region."""

import pytest

from gatewatch.models.name_forms import without_edition, without_region


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4-0613", "gpt-4"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5"),
        ("mistral-large-latest", "mistral-large"),
        ("mistral-large-2512", "mistral-large"),
        ("gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
        ("gemini-2.0-flash-001", "gemini-2.0-flash"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("-latest", "-latest"),
        ("", ""),
    ],
)
def test_an_edition_leads_to_its_model(name: str, model: str) -> None:
    assert without_edition(name) == model


@pytest.mark.parametrize(
    "name",
    [
        "us.anthropic.claude-opus-4-6-v1",
        "global.anthropic.claude-opus-4-6-v1",
        "us-gov.anthropic.claude-opus-4-6-v1",
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-opus-4-6-v1",
        "anthropic.claude-opus-4-6-v1",
    ],
)
def test_a_region_of_bedrock_is_no_part_of_the_model(name: str) -> None:
    assert without_region(name) == "anthropic.claude-opus-4-6-v1"


def test_what_only_looks_like_a_region_stays() -> None:
    assert without_region("us.model") == "us.model"
