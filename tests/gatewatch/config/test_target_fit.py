"""A target that the configuration does not name has to keep to what it asks of those that it does."""

from pathlib import Path

import pytest

from gatewatch.config import Config, load
from gatewatch.config.target_fit import unfit

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
