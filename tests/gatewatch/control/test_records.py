"""What the records of a key and of its secrets say."""

import pytest

from gatewatch.control.records import KEY_COLUMNS, SECRET_COLUMNS, KeyRecord, SecretRecord, key_record, secret_record

KEY = {
    "id": "kid00001", "name": "app", "kind": "client", "team": "search", "project": None, "user": "ada",
    "service": None, "environment": "live", "role": None, "all_teams": 0, "models": '["gpt-4o"]', "routes": None,
    "dialects": '["openai-chat"]', "networks": '["10.0.0.0/8"]',
    "region": "eu", "data_class": "internal", "max_uses": None, "max_tokens": None,
    "max_picos": None, "created_at": 10, "created_by": "root", "expires_at": 100, "revoked_at": None,
    "revoked_by": None, "last_used_at": None,
}  # fmt: skip
SECRET = {
    "kid": "kid00002", "key_id": "kid00001", "version": 2, "created_at": 20, "created_by": "root",
    "rotation_id": None, "valid_until": None, "last_used_at": None,
}  # fmt: skip


def key(**changes: object) -> KeyRecord:
    row = {**KEY, **changes}
    return key_record(tuple(row[column] for column in KEY_COLUMNS.split(", ")))


def secret(**changes: object) -> SecretRecord:
    row = {**SECRET, **changes}
    return secret_record(tuple(row[column] for column in SECRET_COLUMNS.split(", ")))


def test_a_row_becomes_a_record() -> None:
    record = key()
    assert (record.id, record.name, record.kind, record.team, record.project) == (
        "kid00001", "app", "client", "search", None,
    )  # fmt: skip
    assert (record.user, record.role, record.all_teams, record.expires_at) == ("ada", None, False, 100)
    assert (record.models, record.routes, record.dialects, record.networks) == (
        ("gpt-4o",), None, ("openai-chat",), ("10.0.0.0/8",),
    )  # fmt: skip
    assert (record.region, record.data_class) == ("eu", "internal")
    assert key(kind="admin", role="admin", all_teams=1).all_teams is True


@pytest.mark.parametrize(
    "wrong", [{"kind": "owner"}, {"role": "root"}, {"models": "gpt-4o"}, {"max_uses": "many"}, {"data_class": "secret"}]
)
def test_a_row_that_is_not_ours_is_an_error_and_no_record(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        key(**wrong)


def test_only_listed_models_are_allowed_and_no_list_allows_any() -> None:
    assert key().allows_model("gpt-4o")
    assert not key().allows_model("gpt-4o-mini")
    assert not key().allows_model("")
    assert key(models=None).allows_model("anything")


def test_a_key_is_active_until_it_expires_or_is_revoked() -> None:
    assert key().state(99) == "active"
    assert key().state(100) == "expired"
    assert key(revoked_at=50, revoked_by="root").state(99) == "revoked"


def test_a_key_with_any_cap_has_to_be_counted() -> None:
    assert not key().is_capped
    for cap in ("max_uses", "max_tokens", "max_picos"):
        assert key(**{cap: 1}).is_capped


def test_a_secret_is_good_to_the_end_of_its_grace_and_a_revoked_one_never() -> None:
    assert secret().is_valid(10**18)
    assert secret(valid_until=50).is_valid(49)
    assert not secret(valid_until=50).is_valid(50)
    assert not secret(valid_until=0).is_valid(1)
