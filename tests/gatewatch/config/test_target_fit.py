"""A target that the configuration does not name has to keep to what it asks of those that it does."""

from pathlib import Path

import pytest

from gatewatch.config import Config, load
from gatewatch.config.target_fit import kept, unfit

FILE = """
providers:
  plain: {dialect: openai-chat, base_url: "https://plain.example/v1", api_key: none}
  eu: {dialect: openai-chat, base_url: "https://eu.example/v1", api_key: none, region: eu-west-1}
  us: {dialect: openai-chat, base_url: "https://us.example/v1", api_key: none, region: us-east-1}
  safe: {dialect: openai-chat, base_url: "https://safe.example/v1", api_key: none, data_class: confidential}
  contract:
    {dialect: openai-chat, base_url: "https://c.example/v1", api_key: none, privacy: {trains: "no"}}
models:
  free: {targets: [plain/m]}
  resident: {targets: [eu/m], region: eu}
  secret: {targets: [safe/m], data_class: confidential}
  untrained: {targets: [contract/m], privacy: no_training}
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "gatewatch.yaml").write_text(FILE)
    return load(tmp_path / "gatewatch.yaml", {}).config


@pytest.mark.parametrize(
    ("model", "target", "why"),
    [
        ("free", "us/m", None),
        ("free", "nobody/m", "not configured"),
        ("resident", "eu/other", None),
        ("resident", "us/m", "stay in eu"),
        ("resident", "plain/m", "no region that is known"),
        ("secret", "safe/other", None),
        ("secret", "plain/m", "may see public calls"),
        ("untrained", "contract/other", None),
        ("untrained", "plain/m", "no_training"),
    ],
)
def test_a_target_fits_where_it_keeps_to_region_class_and_privacy(
    config: Config, model: str, target: str, why: str | None
) -> None:
    found = unfit(config, model, target)
    assert found is None if why is None else why in (found or "")


@pytest.mark.parametrize(
    ("then", "target", "why"),
    [
        ({}, "us/m", None),
        ({"region": "us"}, "us/m", None),
        ({"region": "eu"}, "us/m", "stay in eu"),
        ({"data_class": "confidential"}, "us/m", "are confidential"),
        ({"opt_out": True}, "us/m", "no_training"),
        ({"opt_out": True, "zero_retention": True}, "contract/m", "zero_retention"),
    ],
)
def test_a_version_that_was_keeps_to_what_it_asked_then_as_well(
    config: Config, then: dict[str, object], target: str, why: str | None
) -> None:
    found = unfit(config, "free", target, kept(config.models["free"], then))
    assert found is None if why is None else why in (found or "")


def test_of_two_regions_both_hold(config: Config) -> None:
    keeps = kept(config.models["resident"], {"region": "eu-west-1"})
    assert keeps.region == "eu+eu-west-1"
    assert unfit(config, "resident", "eu/m", keeps) is None
    assert unfit(config, "resident", "eu/m", kept(config.models["resident"], {"region": "us"})) is not None
