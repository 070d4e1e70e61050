"""OCSF: class 6003 with the fields that it demands; values of the schema, not ours."""

import json

import pytest

from gatewatch.audit.ocsf import ocsf
from gatewatch.audit.record import record_of_row

REQUIRED = {
    *("activity_id", "actor", "api", "category_uid", "class_uid"),
    *("metadata", "severity_id", "src_endpoint", "time", "type_uid"),
}
"""Of API Activity, by schema.ocsf.io."""


@pytest.mark.parametrize(
    ("action", "activity"),
    [("key.create", 1), ("audit.list", 2), ("key.rotate", 3), ("key.revoke", 4), ("strange.deed", 99)],
)
def test_an_entry_is_an_event_of_api_activity(action: str, activity: int) -> None:
    row = (7, 1_700_000_000_123_456, "alice", action, "kid1", None, '{"a":1}', "ok", "admin", "10.0.0.9", "r1")
    event = ocsf(record_of_row(row), "h", "s")
    assert event.keys() >= REQUIRED
    assert (event["class_uid"], event["category_uid"]) == (6003, 6)
    assert (event["activity_id"], event["type_uid"]) == (activity, 600300 + activity)
    assert event["time"] == 1_700_000_000_123
    assert (event["severity_id"], event["status_id"], event["status"]) == (1, 1, "Success")
    assert event["actor"]["user"]["name"] == "alice"
    assert event["src_endpoint"] == {"ip": "10.0.0.9"}
    assert event["api"] == {"operation": action, "request": {"uid": "r1"}}
    assert event["resources"] == [{"name": "kid1", "type": action.partition(".")[0]}]
    assert event["unmapped"] == {"before": None, "after": {"a": 1}, "hash": "h", "seal": "s"}
    assert event["metadata"]["product"]["name"] == "Gatewatch"


def test_a_denied_try_is_a_failure_that_stands_out() -> None:
    event = ocsf(
        record_of_row((1, 1, "a", "key.create", "x", None, None, "denied", None, "pid 3 as bob", None)), None, None
    )
    assert (event["status_id"], event["status"], event["status_detail"], event["severity_id"]) == (
        2,
        "Failure",
        "denied",
        3,
    )
    assert event["src_endpoint"] == {"name": "pid 3 as bob"}


def test_hostile_text_is_harmless_in_it() -> None:
    evil = "\x1b]0;x\x07\u202e\x9b"
    event = ocsf(record_of_row((1, 1, evil, evil, evil, None, '{"\x7f":"\u202e"}', evil, evil, evil, evil)), None, None)
    assert not set("\x1b\x07\u202e\x9b\x7f") & set(json.dumps(event, ensure_ascii=False))
