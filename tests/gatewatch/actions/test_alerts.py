"""What operators are told of alerts, and what they make of them."""

from typing import Any

import msgspec
import pytest

from gatewatch.authority.actor import Actor
from gatewatch.control.alerts import AlertRow, Alerts, Effect, Over
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, NotFound, UsageError
from tests.kit.acting import Stage

ROW = AlertRow(
    id="slow|team/search", alert="slow", subject="team/search", state="firing", severity="warning", value="2.4 s",
    threshold="2 s", text="slow: team/search: 2.4 s", since=5_000_000, changed_at=5_000_000, told=("ops",),
)  # fmt: skip
OTHERS: tuple[dict[str, Any], ...] = (
    {},
    {"id": "slow|team/chat", "subject": "team/chat"},
    {
        "id": "drain|key/k1", "alert": "drain", "subject": "key/k1",
        "actions": (Effect(kind="pause", scope="key", name="k1"),),
    },
    {"id": "gone|gateway", "alert": "gone", "subject": "gateway"},
)  # fmt: skip
USER = Actor(id="key:u", role="user", key_id="abcdefgh")
ADMIN = Actor(id="key:a", role="admin", key_id="abcdefgi")


class Told:
    """A gateway that counts how often it was told to look."""

    times = 0

    def alerts_changed(self) -> None:
        self.times += 1


@pytest.fixture
def firing(stage: Stage) -> Stage:
    with ControlStore.open(stage.home.control, actor="gateway") as store:
        book = Alerts(store)
        for n, fields in enumerate(OTHERS):
            book.settle(fired=[msgspec.structs.replace(ROW, **fields | {"since": ROW.since + n})])
        for id in ("gone|gateway", "drain|key/k1"):
            book.settle(over=[Over(msgspec.structs.replace(ROW, id=id, value="none"), "over")])
    stage.gateway = Told()
    return stage


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_the_list_has_what_fires_and_what_is_over_but_holds_a_key(firing: Stage) -> None:
    rows = firing.do("alerts.list", USER)
    assert ids(rows) == ["slow|team/search", "slow|team/chat", "drain|key/k1"]
    assert rows[0]["since"] == "1970-01-01T00:00:05.000000Z"
    assert (rows[2]["state"], rows[2]["actions"]) == ("cleared", ["pause key/k1"])
    assert set(ids(firing.do("alerts.list", all=True))) == {*ids(rows), "gone|gateway"}


def test_one_is_shown_by_its_id_or_by_its_name_where_that_is_enough(firing: Stage) -> None:
    assert firing.do("alerts.show", USER, name="slow|team/chat")["subject"] == "team/chat"
    assert firing.do("alerts.show", name="drain")["subject"] == "key/k1"
    assert firing.do("alerts.show", name="gone|gateway")["state"] == "cleared"
    with pytest.raises(UsageError, match="fires for 2 subjects"):
        firing.do("alerts.show", name="slow")
    with pytest.raises(NotFound):
        firing.do("alerts.show", name="gone")


def test_all_of_an_alert_are_acknowledged_by_its_name(firing: Stage) -> None:
    done = firing.do("alerts.ack", ADMIN, name="slow", note="the provider knows")
    assert {(row["id"], row["state"], row["note"]) for row in done} == {
        ("slow|team/search", "acknowledged", "the provider knows"),
        ("slow|team/chat", "acknowledged", "the provider knows"),
    }
    assert {row["acknowledged_by"] for row in done} == {"key:a"}
    assert firing.gateway.times == 1
    newest = firing.do("audit.list", action="alert.acknowledge")[0]
    assert (newest["actor"], newest["after"]["note"]) == ("key:a", "the provider knows")


def test_a_paused_key_is_resumed(firing: Stage) -> None:
    (done,) = firing.do("alerts.ack", name="drain", resume=True)
    assert (done["state"], done["actions"]) == ("cleared", [])
    with pytest.raises(NotFound):
        firing.do("alerts.ack", name="drain", resume=True)


def test_what_does_not_fire_cannot_be_acknowledged(firing: Stage) -> None:
    for name in ("fast", "gone", "slow|team/web"):
        with pytest.raises(NotFound, match="no alert"):
            firing.do("alerts.ack", name=name)
    assert firing.gateway.times == 0


def test_a_silence_is_seen_on_what_it_covers_and_ends_by_a_word(firing: Stage) -> None:
    made = firing.do("alerts.silence", ADMIN, name="slow|team/*", span="2h", reason="a load test")
    assert (made["pattern"], made["reason"], made["created_by"]) == ("slow|team/*", "a load test", "key:a")
    covered = {row["id"]: row["silenced_until"] for row in firing.do("alerts.list")}
    assert covered == {"slow|team/search": made["until"], "slow|team/chat": made["until"], "drain|key/k1": None}
    assert ids(firing.do("alerts.silences", USER)) == [made["id"]]
    assert ids(firing.do("alerts.unsilence", name="slow|team/*")) == [made["id"]]
    assert firing.do("alerts.silences") == []
    with pytest.raises(NotFound):
        firing.do("alerts.unsilence", name=made["id"])


def test_a_silence_for_nothing_says_so(firing: Stage) -> None:
    asked = {"span": "2h", "reason": "x"}
    assert "watched are velocity" in firing.do("alerts.silence", name="nothing*", **asked)["warning"]
    for good in ("slow", "slow|team/*", "velocity|key/*", "budget-*", "*search"):
        assert firing.do("alerts.silence", name=good, **asked)["warning"] is None
    assert firing.do("alerts.silence", name="slow", **asked)["fires_now"] == ["slow|team/search", "slow|team/chat"]


def test_values_are_numbers_for_scripts(firing: Stage) -> None:
    values: dict[str, tuple[Any, int, Any]] = {
        "a": ("share", 1_040_000, 1.04), "b": ("time", 2_400_000, 2.4), "c": ("count", 7, 7),
        "d": ("times", 8_500_000, 8.5),
    }  # fmt: skip
    with ControlStore.open(firing.home.control, actor="gateway") as store:
        for id, (unit, measured, _) in values.items():
            row = msgspec.structs.replace(ROW, id=f"{id}|x", alert=id, unit=unit, measured=measured, bound=measured)
            Alerts(store).settle(fired=[row])
    rows = {row["alert"]: row for row in firing.do("alerts.list")}
    assert {id: (rows[id]["measured"], rows[id]["bound"]) for id in values} == {
        id: (number, number) for id, (_, _, number) in values.items()
    }
    assert rows["b"]["unit"] == "seconds"


def test_how_a_paused_key_is_resumed_is_said_wherever_it_stands(firing: Stage) -> None:
    lift = "gatewatch alerts ack 'drain|key/k1' --resume"
    assert firing.do("alerts.show", name="drain")["lift"] == lift
    assert [row["lift"] for row in firing.do("alerts.list")] == [None, None, lift]
    with pytest.raises(NotFound, match="pause key/k1 is still in force") as refused:
        firing.do("alerts.ack", name="drain")
    assert refused.value.next_step is not None
    assert lift in refused.value.next_step


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "slow", "span": "0s", "reason": "x"},
        {"name": "slow", "span": "long", "reason": "x"},
        {"name": "slow", "span": "2h", "reason": " "},
        {"name": "", "span": "2h", "reason": "x"},
        {"name": "x" * 501, "span": "2h", "reason": "x"},
    ],
)
def test_a_silence_has_an_end_a_pattern_and_a_reason(firing: Stage, asked: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        firing.do("alerts.silence", **asked)
    assert firing.do("alerts.silences") == []


def test_what_is_watched_is_shown_with_what_is_built_in(stage: Stage) -> None:
    rows = {row["name"]: row for row in stage.do("alerts.watched", USER)}
    assert (rows["velocity"]["fires"], rows["velocity"]["built_in"]) == ("from 5x", True)


@pytest.mark.parametrize(
    ("deed", "asked"),
    [
        ("alerts.ack", {"name": "slow"}),
        ("alerts.silence", {"name": "slow", "span": "2h", "reason": "x"}),
        ("alerts.unsilence", {"name": "slow"}),
    ],
)
def test_a_user_may_look_but_not_touch(firing: Stage, deed: str, asked: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        firing.do(deed, USER, **asked)
