"""What the fields of a key may hold."""

from typing import Any

import msgspec
import pytest

from gatewatch.control.key_fields import checked_fields, checked_key
from gatewatch.control.records import KeyRecord
from gatewatch.errors import UsageError

KEY = KeyRecord(
    id="k0000001", name="app", kind="client", team="search", project=None, environment="live", models=None,
    created_at=1, created_by="root",
)  # fmt: skip


def test_fields_are_kept_in_their_usual_form_and_nothing_stays_nothing() -> None:
    given = {"name": "app", "networks": ["192.0.2.1", "10.0.0.0/8"], "models": None, "max_uses": 5, "expires_at": 11}
    assert checked_fields(given, 10) == given | {"networks": ("192.0.2.1/32", "10.0.0.0/8")}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "a/b"}, {"team": ""}, {"user": "\x1b[2J"}, {"service": "x" * 65}, {"project": "=1+1"},
        {"models": ()}, {"networks": ("10.0.0.1/8",)}, {"dialects": ("klingon",)}, {"routes": ("*",)},
        {"max_uses": 0}, {"max_tokens": -1}, {"max_picos": 2**63}, {"expires_at": 10},
        {"expires_at": 253_402_214_400_000_001}, {"expires_at": 2**63},
        {"region": "eu-west-1"}, {"region": "global"}, {"region": ""}, {"data_class": "secret"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_usage_error(fields: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        checked_fields(fields, 10)


def test_fields_that_do_not_go_together() -> None:
    assert checked_key(KEY) is KEY
    for fields in ({"user": "ada", "service": "bot"}, {"role": "admin"}, {"all_teams": True}):
        with pytest.raises(UsageError):
            checked_key(msgspec.structs.replace(KEY, **fields))
    admin = msgspec.structs.replace(KEY, kind="admin", role="admin")
    assert checked_key(admin) is admin
    for fields in ({"role": "none"}, {"all_teams": True, "project": "ranker"}):
        with pytest.raises(UsageError):
            checked_key(msgspec.structs.replace(admin, **fields))


@pytest.mark.parametrize(
    "limit",
    [
        {"models": ("gpt-4o",)}, {"routes": ("gpt-4o",)}, {"dialects": ("openai-chat",)},
        {"max_uses": 1}, {"max_tokens": 1}, {"max_picos": 1},
    ],
)  # fmt: skip
def test_a_limit_that_would_bound_nothing_is_refused_to_an_admin_key(limit: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(limit))} would bound nothing"):
        checked_key(msgspec.structs.replace(KEY, kind="admin", role="admin", **limit))
    holds = msgspec.structs.replace(KEY, kind="admin", role="admin", networks=("10.0.0.0/8",), expires_at=10)
    holds = msgspec.structs.replace(holds, region="eu", data_class="internal")
    assert checked_key(holds) is holds
