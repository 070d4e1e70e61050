"""What an operator has to look after when a rotation is given up: every key that may be left, as far as it is known."""

import pytest

from gatewatch.control.provider_rotations import Detail, Rotation
from gatewatch.rotation.remains import old_key, remains

MINTED = Detail(mint=True, minted_id="key_7")


def rotation(step: str, detail: Detail) -> Rotation:
    return Rotation(
        id="rot_1",
        provider="acme",
        key_id="vault:k",
        entry="k",
        step=step,  # type: ignore[arg-type]
        state="failed",
        started_at=0,
        started_by="alice",
        changed_at=0,
        detail=detail,
    )


@pytest.mark.parametrize(
    ("step", "detail", "told"),
    [
        (
            "begun",
            Detail(mint=True, asked_at=1),
            "the new key (if it was made, 1970-01-01T00:00:00.000001Z or later, as rot_1) at acme",
        ),
        ("stored", MINTED, "the new key (called key_7 there) at acme"),
        ("probed", Detail(), "the new key that was given at acme"),
        ("switching", MINTED, "in vault:k the old key or the new one"),
        ("taken", Detail(version_old=3, set_at_old=0, set_by_old="bob"), "the old key (version 3 here, set 1970-01-01"),
        ("drained", Detail(old_id="key_1"), "the old key (called key_1 there) at acme"),
        ("drained", Detail(), "in the vault, until its next rotation, secrets in gatewatch/next/k and gatewatch/old/k"),
    ],
)
def test_each_key_that_may_be_left_is_named(step: str, detail: Detail, told: str) -> None:
    assert told in remains(rotation(step, detail))


def test_a_rotation_that_had_made_nothing_leaves_nothing() -> None:
    assert remains(rotation("begun", Detail(mint=True))) == ""


@pytest.mark.parametrize(("step", "detail"), [("revoked", Detail()), ("drained", Detail(keep_old=True))])
def test_an_old_key_that_is_done_with_is_not_spoken_of(step: str, detail: Detail) -> None:
    assert "the old key" not in remains(rotation(step, detail))


def test_an_old_key_of_which_nothing_is_known_is_the_old_key() -> None:
    assert old_key(rotation("drained", Detail())) == "the old key"
