"""A key that is too old is said until it is not; where the policy says so, it is rotated."""

from pathlib import Path
from typing import Any

import pytest

from gatewatch.config.loading import load
from gatewatch.control.provider_rotations import Detail, ProviderRotations, Rotation
from gatewatch.control.store import ControlStore
from gatewatch.control.transactions import Transactions
from gatewatch.errors import UsageError
from gatewatch.paths import Home
from gatewatch.rotation.rotator import Outlook, Wish
from proxy.control.key_ages import KeyAges

DAY = 86_400_000_000
FILE = """
providers:
  openai: {{preset: openai, api_key: vault:openai, rotation: {{max_age: 90d, automatic: {automatic}}}}}
  many:
    preset: groq
    api_keys: [{{name: a, key: vault:many-a}}, {{name: b, key: "env:B"}}]
    rotation: {{max_age: 30d}}
  young: {{preset: mistral, api_key: vault:openai}}
"""


class Rotator:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Wish] = []
        self.refuses: str | None = None

    def begin(self, store: Transactions, wish: Wish) -> Rotation:
        if self.refuses:
            raise UsageError(self.refuses)
        self.asked.append(wish)
        return ProviderRotations(store).begin(wish.provider, "vault:openai", "openai", Detail())

    def outlook(self, store: Transactions, provider: str, key: str | None) -> Outlook:
        raise AssertionError

    def resume(self, store: Transactions, id: str, *, keep_old: bool) -> Rotation:
        raise AssertionError

    def cancel(self, store: Transactions, id: str) -> Rotation:
        raise AssertionError

    def abandon(self, store: Transactions, id: str) -> Rotation:
        raise AssertionError


class Watch:
    """A home whose keys were set on day 0."""

    def __init__(self, folder: Path, *, automatic: bool) -> None:
        self.now = 0
        self.home = Home(folder / "home").make()
        file = folder / "g.yaml"
        file.write_text(FILE.format(automatic=str(automatic).lower()))
        loaded = load(file, {})
        self.rotator, self.alarms = Rotator(), dict[str, str | None]()
        self.ages = KeyAges(self.home, lambda: loaded, self.rotator, self.alarms.__setitem__, lambda: self.now)
        self.store(lambda store: [store.note_provider_key(name) for name in ("openai", "many-a")])

    def store(self, question: Any) -> Any:
        with ControlStore.open(self.home.control, actor="alice", clock=lambda: self.now) as store:
            return question(store)

    def on_day(self, day: float) -> dict[str, str]:
        """The alarms that stand then."""
        self.now = int(day * DAY)
        self.ages.look()
        return {id: text for id, text in self.alarms.items() if text}


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path, automatic=False)


def test_a_key_within_its_age_is_not_spoken_of(watch: Watch) -> None:
    assert watch.on_day(29.9) == {}


def test_a_key_over_its_age_is_an_alarm_that_names_the_command(watch: Watch) -> None:
    (alarm,) = watch.on_day(31).items()
    assert alarm == (
        "key_age:many/many-a",
        "The key vault:many-a of many is 31 days old; at most 30d is allowed."
        " Rotate it: gatewatch providers rotate-key many --key a",
    )
    assert watch.on_day(91).keys() == {"key_age:many/many-a", "key_age:openai/openai"}


def test_the_alarm_ends_with_the_new_key(watch: Watch) -> None:
    watch.on_day(91)
    watch.store(lambda store: store.note_provider_key("openai"))
    assert watch.on_day(92).keys() == {"key_age:many/many-a"}


def test_nothing_is_rotated_that_was_not_meant_to_be(watch: Watch) -> None:
    watch.on_day(91)
    assert watch.rotator.asked == []


def test_where_the_policy_says_so_it_is_rotated_once(tmp_path: Path) -> None:
    watch = Watch(tmp_path, automatic=True)
    watch.on_day(91)
    watch.on_day(91.1)
    assert watch.rotator.asked == [Wish(provider="openai", key="vault:openai")]


def test_what_was_rolled_back_is_tried_again_a_day_later(tmp_path: Path) -> None:
    watch = Watch(tmp_path, automatic=True)
    watch.on_day(91)

    def roll_back(store: ControlStore) -> None:
        rotations = ProviderRotations(store)
        rotations.note(rotations.latest()[0], "stored", "rolled-back", failure="401")

    watch.store(roll_back)
    assert "the last rotation was rolled back: 401" in watch.on_day(91.5)["key_age:openai/openai"]
    assert len(watch.rotator.asked) == 1
    watch.on_day(92.1)
    assert len(watch.rotator.asked) == 2


def test_why_it_is_not_rotated_by_itself_is_told(tmp_path: Path) -> None:
    watch = Watch(tmp_path, automatic=True)
    watch.rotator.refuses = "there is no admin API"
    assert "not rotated by itself: there is no admin API" in watch.on_day(91)["key_age:openai/openai"]


def test_a_key_that_came_into_the_vault_past_us_ages_from_when_it_was_first_seen(watch: Watch) -> None:
    watch.store(lambda store: store.connection.execute("DELETE FROM provider_keys WHERE name = 'many-a'"))
    assert watch.on_day(50) == {}
    assert watch.on_day(79.9) == {}
    assert "is 31 days old" in watch.on_day(81)["key_age:many/many-a"]


def test_a_vault_that_is_written_outside_tells_no_age(watch: Watch) -> None:
    watch.store(lambda store: store.set_setting("vault.backend", "env"))
    assert watch.on_day(91) == {}
