from typing import Any

import pytest

from app.cli.rotation_progress import Progress, lines_of
from gatewatch.actions.provider_rotation import view
from gatewatch.control.provider_rotations import Detail, Rotation


def told(step: Any, state: Any = "running", **detail: Any) -> dict[str, Any]:
    fields = {"steps": {"begun": 1, step: 2}} | detail
    rotation = Rotation(
        id="rot_1",
        provider="openai",
        key_id="vault:openai",
        entry="openai",
        step=step,
        state=state,
        started_at=1,
        started_by="alice",
        changed_at=2,
        detail=Detail(**fields),
    )
    return view(rotation)


@pytest.mark.parametrize(
    ("rotation", "last"),
    [
        (told("begun"), None),
        (told("probed"), "the provider takes the new key"),
        (told("stored", awaiting="the provider takes the new key"), "waiting until the provider takes the new key"),
        (told("drained", calls_left=2), "2 calls that began with the old key still run, and their time is over"),
        (told("drained", calls_left=0), "calls that began with the old key are over"),
        (told("revoked", revoked=True), "the provider has ended the old key"),
        (told("revoked", revoked=False), "the old key is for you to end"),
        (told("revoked", keep_old=True), "the old key stays as it is"),
        (told("drained", "failed", failure="it said no"), "stopped after drained: it said no"),
        (told("stored", "rolled-back", failure="401"), "rolled back, the old key is in use as before: 401"),
    ],
)
def test_what_there_is_to_say(rotation: dict[str, Any], last: str | None) -> None:
    lines = lines_of(rotation)
    assert (lines[-1] if lines else None) == last


def test_a_watcher_that_looks_away_is_told_of_every_step_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.tell(told("stored"))
    late = told("taken", steps={"begun": 1, "stored": 2, "probed": 3, "switching": 4, "switched": 5, "taken": 6})
    progress.tell(late)
    progress.tell(late)
    assert capsys.readouterr().err.splitlines() == [
        "openai: the new key is in the vault",
        "openai: the provider takes the new key",
        "openai: the new key has taken the place of the old one",
        "openai: every new call is made with it",
    ]


def test_what_a_provider_says_cannot_draw_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Progress().tell(told("stored", "rolled-back", failure="\x1b[31mred\x07"))
    assert "\x1b" not in capsys.readouterr().err
