"""A key as every face shows it."""

from gatewatch.actions.keys.view import secret_view, view
from gatewatch.control.records import KeyRecord, SecretRecord

KEY = KeyRecord(
    id="k0000001", name="app", kind="client", team="search", project=None, environment="live", models=("a",),
    max_picos=1_500_000_000_000, created_at=1_795_168_800_000_000, created_by="root",
)  # fmt: skip


def test_times_are_iso_money_is_decimal_text_and_missing_is_null() -> None:
    shown = view(KEY, KEY.created_at)
    assert shown["created_at"] == "2026-11-20T10:00:00.000000Z"
    assert (shown["max_usd"], shown["expires_at"], shown["models"], shown["state"]) == ("1.5", None, ["a"], "active")
    assert "max_picos" not in shown


def test_a_secret_is_current_in_its_grace_or_ended() -> None:
    def state(valid_until: int | None) -> tuple[str, str | None]:
        secret = SecretRecord(
            kid="k0000001", key_id="k0000001", version=1, created_at=1, created_by="root", valid_until=valid_until
        )
        shown = secret_view(secret, 1_000_000)
        return shown["state"], shown["valid_until"]

    assert state(None) == ("current", None)
    assert state(2_000_000) == ("grace", "1970-01-01T00:00:02.000000Z")
    assert state(1_000_000) == ("ended", "1970-01-01T00:00:01.000000Z")
    assert state(0) == ("ended", None), "ended before its time"
