"""What is kept between questions is always what a sum over all rows is: here plain Python makes that sum."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from gatewatch.call import Call
from gatewatch.ledger import tally as tally_module
from gatewatch.ledger.keeping import Keeping
from gatewatch.ledger.queries import counted
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.in_force import InForce
from gatewatch.limits.rule import Rule, Scope
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from tests.kit.journals import DAY, HOUR, MINUTE, NOW, SECOND, a_call, attempt, closing, segment

USD = 10**12
WINDOWS = (
    Window(period="month", zone="Europe/Berlin"),
    Window(period="day", zone="Asia/Kolkata"),
    Window(period="hour"),
    Window(period="minute"),
    Window(seconds=7200),
)
SCOPES: tuple[Scope, ...] = ("gateway", "team", "user", "model")


def rule(scope: Scope, window: Window, measure: Any = "picos", **more: Any) -> Rule:
    name = "" if scope == "gateway" else None
    id = f"{scope}/{measure}/{window.text}"
    return Rule(**{"id": id, "kind": "budget", "scope": scope, "name": name, "measure": measure, "most": USD,
                   "window": window} | more)  # fmt: skip


RULES = tuple(rule(scope, window) for scope in SCOPES for window in WINDOWS)
TRIES = tuple(rule("model", window, "requests") for window in WINDOWS)


class Stage:
    """A ledger that calls come into, some of them late, while time goes on."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.now = NOW
        self.rules = RULES + TRIES
        self.calls: list[Call] = []
        self.tries: list[tuple[Call, str]] = []
        self.runs = 0
        self.chance = random.Random(20261121)
        self.service = self.started()

    def started(self) -> LedgerService:
        return LedgerService(self.home, clock=lambda: self.now, in_force=lambda: InForce(self.rules, {}))

    def come(self, count: int, *, late_us: int) -> None:
        made = [self._call(self.now - self.chance.randrange(late_us)) for _ in range(count)]
        self.calls += made
        lines = []
        for call in made:
            for n, model in enumerate(("first", "second")[: self.chance.randrange(1, 3)], 1):
                self.tries.append((call, f"openai/{model}"))
                lines.append(attempt(call, n, provider="openai", model=model))
            lines.append(closing(call))
        self.load(lines)

    def load(self, lines: list[bytes]) -> None:
        self.runs += 1
        segment(self.home, *lines, run=f"20261120T100000Z-{self.runs:08x}")
        self.service.load_once()

    def _call(self, at_us: int) -> Call:
        chance = self.chance
        return a_call(
            len(self.calls), at_us=at_us, team=chance.choice(("search", "chat")), user=f"u{chance.randrange(5)}",
            cost_picos=chance.randrange(USD), status=chance.choice(("ok", "ok", "error", "blocked")),
        )  # fmt: skip

    def spent(self) -> dict[tuple[str, str], str]:
        """As the query says."""
        rows = self.service.ask("budgets").rows
        return {(row["rule"], row["name"]): str(row["spent"]) for row in rows if row["spent"] not in ("0", 0)}

    def expected(self) -> dict[tuple[str, str], str]:
        """As the rows say."""
        sums: Counter[tuple[str, str]] = Counter()
        for each in self.rules:
            assert each.window
            first = each.window.oldest(self.now)
            counted = (
                [(call, model, 1) for call, model in self.tries]
                if each.measure == "requests"
                else [(call, _name(each.scope, call), call.cost_picos or 0) for call in self.calls]
            )
            for call, name, amount in counted:
                if call.status != "blocked" and each.window.bucket(call.started_at) >= first:
                    sums[each.id, name] += amount
        money = {each.id for each in self.rules if each.measure == "picos"}
        return {key: _usd(n) if key[0] in money else str(n) for key, n in sums.items() if n}


def _name(scope: Scope, call: Call) -> str:
    names = {"gateway": "", "team": call.team, "user": call.user, "model": f"{call.provider}/{call.model}"}
    return names[scope] or ""


def _usd(picos: int) -> str:
    text = f"{picos // USD}.{picos % USD:012d}".rstrip("0")
    return text.rstrip(".")


@pytest.fixture
def stage(home: Home) -> Iterator[Stage]:
    stage = Stage(home)
    yield stage
    stage.service.close()


def test_while_calls_come_late_and_periods_end_the_sums_are_those_of_all_rows(stage: Stage) -> None:
    for passed in (0, 20 * SECOND, MINUTE, 40 * MINUTE, 3 * HOUR, 11 * DAY, 5 * MINUTE, 2 * DAY):
        stage.now += passed
        stage.come(40, late_us=2 * DAY)
        assert stage.spent() == stage.expected()
        assert stage.spent() == stage.expected()


def test_only_what_is_new_is_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.come(50, late_us=HOUR)
    stage.spent()
    read: list[tuple[Any, ...]] = []

    def watched(*given: Any, **more: Any) -> list[tuple[Any, ...]]:
        read.append((more["loaded_after"],))
        return counted.sums(*given, **more)

    monkeypatch.setattr(tally_module, "sums", watched)
    stage.spent()
    assert read == []
    stage.come(1, late_us=HOUR)
    assert stage.spent() == stage.expected()
    assert read
    assert all(after is not None for (after,) in read)


def test_a_try_that_comes_behind_its_call_counts_from_then_on(stage: Stage) -> None:
    call = a_call(1, at_us=stage.now - MINUTE, user="ann")
    stage.calls.append(call)
    stage.load([closing(call)])
    assert stage.spent() == stage.expected()
    stage.tries.append((call, "openai/late"))
    stage.load([attempt(call, 1, provider="openai", model="late")])
    assert stage.spent() == stage.expected()


def test_other_rules_in_the_same_windows_count_from_the_first_question_on(stage: Stage) -> None:
    stage.come(30, late_us=HOUR)
    stage.rules = RULES[:3]
    stage.spent()
    named = rule("team", WINDOWS[0], id="named", name="search")
    stage.rules = (*RULES, named, rule("team", WINDOWS[0], "tokens", id="tokens", most=10**9))
    rows = {(row["rule"], row["name"]): row["spent"] for row in stage.service.ask("budgets").rows}
    assert rows["named", "search"] == rows[f"team/picos/{WINDOWS[0].text}", "search"]
    assert rows["tokens", "search"] == 120 * sum(
        call.team == "search" and call.status != "blocked" for call in stage.calls
    )


def test_a_clock_that_was_set_back_loses_and_doubles_nothing(stage: Stage) -> None:
    stage.rules = tuple(each for each in stage.rules if each.window in WINDOWS[:2])
    for back in (0, MINUTE, 20 * MINUTE, 0):
        stage.now -= back
        stage.come(10, late_us=HOUR)
        assert stage.spent() == stage.expected()


def test_nor_does_one_that_is_behind_in_the_next_process(stage: Stage) -> None:
    stage.rules = tuple(each for each in stage.rules if each.window in WINDOWS[:2])
    stage.come(30, late_us=HOUR)
    stage.service.close()
    stage.now -= 10 * MINUTE
    stage.service = stage.started()
    for _ in range(3):
        stage.come(10, late_us=MINUTE)
        assert stage.spent() == stage.expected()


def test_what_retention_deletes_is_counted_no_more(stage: Stage) -> None:
    stage.come(30, late_us=5 * DAY)
    before = stage.spent()
    stage.service.keep(Keeping(calls=2 * DAY))
    for _ in range(20):
        stage.now += SECOND
        stage.service.load_once()
    after = stage.spent()
    assert after != before
    stage.calls = [call for call in stage.calls if call.started_at >= (stage.now - 2 * DAY) // DAY * DAY]
    stage.tries = [each for each in stage.tries if each[0] in stage.calls]
    assert after == stage.expected()


def test_more_than_may_be_kept_is_summed_at_each_question(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally_module, "MOST_KEPT", 3)
    for _ in range(3):
        stage.come(20, late_us=HOUR)
        assert stage.spent() == stage.expected()


def test_a_reader_of_one_team_gets_no_sums_of_others_and_leaves_none_behind(stage: Stage) -> None:
    stage.come(40, late_us=HOUR)
    before = stage.service.ask_within("search", "budgets").rows
    assert stage.spent() == stage.expected()
    assert stage.service.ask_within("search", "budgets").rows == before
