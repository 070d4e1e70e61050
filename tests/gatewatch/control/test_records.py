"""What a key record says."""

import pytest

from gatewatch.control.records import KEY_COLUMNS, KeyRecord, key_record

ROW = ("kid00001", "app", "client", "search", None, "live", '["gpt-4o"]', 10, "cli:root", 100, None, None, None)


def test_a_row_becomes_a_record() -> None:
    assert len(KEY_COLUMNS.split(", ")) == len(ROW)
    record = key_record(ROW)
    assert (record.id, record.name, record.kind, record.team, record.project) == (
        "kid00001",
        "app",
        "client",
        "search",
        None,
    )
    assert record.models == ("gpt-4o",)
    assert record.expires_at == 100


def test_a_row_that_is_not_ours_is_an_error_and_no_record() -> None:
    with pytest.raises(ValueError):
        key_record(("kid00001", "app", "owner", *ROW[3:]))


def test_only_listed_models_are_allowed_and_no_list_allows_any() -> None:
    record = key_record(ROW)
    assert record.allows_model("gpt-4o")
    assert not record.allows_model("gpt-4o-mini")
    assert not record.allows_model("")
    assert key_record((*ROW[:6], None, *ROW[7:])).allows_model("anything")


def test_a_key_is_active_until_it_expires_or_is_revoked() -> None:
    record = key_record(ROW)
    assert record.state(99) == "active"
    assert record.state(100) == "expired"
    assert key_record((*ROW[:10], 50, "cli:root", None)).state(99) == "revoked"
    assert isinstance(record, KeyRecord)
