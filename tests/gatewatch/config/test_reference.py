import json
from pathlib import Path

import pytest

from gatewatch.config.reference import json_schema, keys_tables, renewed, sections

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = DOCS / "configuration.md"


@pytest.mark.parametrize("name", ["configuration.md", "providers.md"])
def test_the_pages_are_current(name: str) -> None:
    """When this fails: python -m gatewatch.config.reference docs/configuration.md docs/providers.md"""
    page = (DOCS / name).read_text(encoding="utf-8")
    assert renewed(page) == page


def test_the_page_has_a_table_for_every_mapping() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for place, section in sections():
        assert not place or f"### `{place}`" in page
        for name, field in section.model_fields.items():
            assert f"| `{field.alias or name}` |" in page


def test_the_schema_is_json_and_lets_no_unknown_key_through() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        assert all("description" in value or "$ref" in value for value in part["properties"].values())


@pytest.mark.parametrize(
    ("section", "key", "default"),
    [
        ("Deadlines", "connect", "5s"),
        ("Caps", "body", "32MiB"),
        ("Ledger", "bodies", "off"),
        ("Provider", "allow_private", False),
    ],
)
def test_defaults_are_written_as_they_are_typed(section: str, key: str, default: object) -> None:
    assert json_schema()["$defs"][section]["properties"][key]["default"] == default


def test_no_default_is_null() -> None:
    assert '"default": null' not in json.dumps(json_schema())


def test_tables_have_one_line_for_each_key() -> None:
    for line in keys_tables().splitlines():
        assert not line.startswith("|") or line.count("|") == 5, line
