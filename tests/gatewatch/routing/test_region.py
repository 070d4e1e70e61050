"""Which regions lie where, as AWS, Google and Microsoft list them; and which models' names leave them."""

import pytest

from gatewatch.routing.region import AREAS, answered_in, is_area, lies_in

EU = ("eu", "EU", "eu-west-1", "eu-central-1", "eu-north-1", "eu-south-2", "europe-west4", "europe-west1",
    "europe-north1", "westeurope", "northeurope", "swedencentral", "francecentral", "germanywestcentral",
    "polandcentral")  # fmt: skip
NOT_EU = ("eu-west-2", "eu-central-2", "europe-west2", "europe-west6", "uksouth", "switzerlandnorth", "us-east-1", "us",
    "europe", "europa", "eu-west-9", "eus", "eu west 1", "", "global", "norwayeast")  # fmt: skip


@pytest.mark.parametrize("region", EU)
def test_a_region_of_the_union_lies_in_it(region: str) -> None:
    assert lies_in(region, "eu")


@pytest.mark.parametrize("region", NOT_EU)
def test_london_zurich_and_what_nobody_knows_do_not(region: str) -> None:
    assert not lies_in(region, "eu")


@pytest.mark.parametrize(
    ("region", "area"),
    [
        ("eu-west-2", "uk"), ("uksouth", "uk"), ("europe-west6", "ch"), ("us-east-1", "us"), ("us-central1", "us"),
        ("eastus2", "us"), ("northcentralus", "us"), ("ca-central-1", "ca"), ("canadaeast", "ca"),
        ("ap-northeast-1", "jp"), ("asia-northeast1", "jp"), ("japaneast", "jp"), ("ap-south-1", "in"),
        ("centralindia", "in"), ("ap-southeast-2", "au"), ("australiaeast", "au"), ("swedencentral", "swedencentral"),
    ],
)  # fmt: skip
def test_other_areas(region: str, area: str) -> None:
    assert lies_in(region, area)
    assert sum(lies_in(region, each) for each in AREAS) == (1 if area in AREAS else lies_in(region, "eu"))


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-iso-east-1"])
def test_a_governments_own_regions_are_no_ones_else(region: str) -> None:
    assert not lies_in(region, "us")


def test_no_region_and_a_global_one_lie_nowhere() -> None:
    for area in (*AREAS, "global", "swedencentral"):
        assert not lies_in(None, area)
        assert not lies_in("global", area)
    assert not is_area("global")
    assert not is_area("eu-west-1")
    assert not is_area("")
    assert is_area("eu")


ARN = "arn:aws:bedrock:eu-west-1:123456789012:"


@pytest.mark.parametrize(
    ("model", "stays"),
    [
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", False),
        ("GLOBAL.anthropic.claude-sonnet-4-5-20250929-v1:0", False),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", False),
        ("us-gov.anthropic.claude-3-haiku", False),
        ("apac.amazon.nova-pro-v1:0", False),
        ("bedrock/us.anthropic.claude-3-haiku", False),
        ("gpt-4.1-mini", True),
        ("us-model", True),
        (f"{ARN}inference-profile/eu.anthropic.claude-3", True),
        (f"{ARN}inference-profile/global.anthropic.claude-3", False),
        (f"{ARN}application-inference-profile/abc123", False),
        (f"{ARN}default-prompt-router/anthropic.claude:1", False),
        (f"{ARN}provisioned-model/abc123", True),
        ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123", False),
        ("arn:aws:sagemaker:eu-west-1:123456789012:endpoint/x", False),
        ("bedrock/arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3", False),
    ],
)
def test_a_models_name_may_take_it_out_of_its_providers_region(model: str, stays: bool) -> None:
    assert answered_in("eu-west-1", model, "eu") is stays


def test_but_never_into_another() -> None:
    """Callers choose names of models."""
    assert not answered_in("us-east-1", "eu.anthropic.claude-3", "eu")
    assert not answered_in(None, "eu.anthropic.claude-3", "eu")
    assert not answered_in("us-east-1", f"{ARN}provisioned-model/abc", "eu")
