"""What the alarm about a key says."""

from typing import Any

import msgspec
import pytest

from gatewatch.control.key_hold import KeyHold
from proxy.control.quarantine_words import alarm_text
from proxy.settings import Deadlines, Provider, ProviderKey, Route, Settings, Target, Way

HOLD = KeyHold(
    provider="openai", key_id="main", version="v", kind="refused", reason="401 invalid_api_key",
    since=1_790_000_000_123_456, until=1_790_000_060_123_456,
)  # fmt: skip


def held(**fields: Any) -> KeyHold:
    return msgspec.structs.replace(HOLD, **fields)


def provider(name: str, *keys: ProviderKey) -> Provider:
    return Provider(
        name=name, ways=(Way(dialect="openai-chat", base_url="https://a.example"),), keys=keys, price_provider=name
    )


def key(id: str, **fields: Any) -> ProviderKey:
    return ProviderKey(id=id, secret="sk", version="v", **fields)


def settings(*providers: Provider, **routes: tuple[str, ...]) -> Settings:
    return Settings(
        config_version="c", home="/", hosts=(), pepper="00", deadlines=Deadlines(),
        providers={each.name: each for each in providers},
        routes={
            name: Route(
                name=name, targets=tuple(Target(provider=each, model="m") for each in targets), deadlines=Deadlines()
            )
            for name, targets in routes.items()
        },
    )  # fmt: skip


TWO = settings(provider("openai", key("main"), key("backup")))


def text(hold: KeyHold = HOLD, *more: KeyHold, of: Settings = TWO, reference: str = "vault:openai") -> str:
    return alarm_text([hold], [hold, *more], of, reference)


def test_it_says_which_why_since_when_what_serves_and_what_to_do() -> None:
    assert text() == (
        "The key main is refused by openai since 2026-09-21T14:13:20Z: 401 invalid_api_key. backup serves instead. "
        "One call tries it again at 2026-09-21T14:14:20Z. Put a new one into the vault with "
        "`gatewatch providers set-key openai`; `gatewatch providers lift openai main` uses it again at once."
    )


def test_a_used_up_quota_has_its_own_words() -> None:
    said = text(held(kind="exhausted", reason="429 insufficient_quota"))
    assert "The key main is used up at openai since" in said
    assert "Top up the account at the provider" in said
    assert "set-key" not in said


def test_a_key_that_is_held_for_models_names_them() -> None:
    holds = [held(model=f"m{number}\x1b[31m") for number in range(5)]
    said = alarm_text(holds, holds, TWO, "vault:openai")
    assert "by openai for m0" in said
    assert "and 2 more since" in said
    assert "\x1b" not in said
    assert "Give it access to the model" in said


def test_where_no_key_is_left_it_says_whose_calls_fail() -> None:
    alone = settings(
        provider("openai", key("main"), key("backup")), provider("azure", key("k")),
        both=("openai", "azure"), only=("openai",),
    )  # fmt: skip
    said = text(HOLD, held(key_id="backup"), of=alone)
    assert "Calls of both go to other providers. No other key serves: Calls of only get 503 upstream_auth." in said
    fails = text(HOLD, held(key_id="backup"), held(provider="azure", key_id="k"), of=alone)
    assert "Calls of both, only get 503 upstream_auth." in fails


def test_a_key_of_another_team_does_not_serve_instead() -> None:
    bound = settings(provider("openai", key("main"), key("theirs", teams=("billing",))))
    assert "theirs" not in text(of=bound)
    assert "Calls to it get 503" in text(of=bound)


def test_the_remedy_fits_where_the_key_is() -> None:
    assert "Write a new one to /etc/key" in text(reference="file:/etc/key")
    assert "Set OPENAI_API_KEY to a new one and restart" in text(reference="env:OPENAI_API_KEY")
    assert "Mend its access at the provider" in text(reference="none")


def test_how_often_it_failed_is_told_from_the_second_time_on() -> None:
    assert "failed" not in text()
    assert " It failed 3 times. " in text(held(failures=3))


def test_where_all_keys_are_refused_within_seconds_it_is_said_to_be_the_providers_fault() -> None:
    seconds = 1_000_000
    said = text(HOLD, held(key_id="backup", since=HOLD.since + 9 * seconds))
    assert " So are all keys of openai, within seconds: that is rather its own fault than the keys'. " in said
    assert "set-key" not in said
    assert "If it lasts, look whether openai is well" in said


@pytest.mark.parametrize(
    "other",
    [
        held(key_id="backup", since=HOLD.since - 11_000_000),
        held(key_id="backup", model="gpt-4o"),
        held(key_id="backup", kind="exhausted"),
        held(key_id="removed"),
    ],
)
def test_a_key_that_is_refused_by_itself_is_at_fault_itself(other: KeyHold) -> None:
    said = text(HOLD, other)
    assert "rather its own fault" not in said
    assert "set-key" in said


def test_a_sole_key_is_not_all_keys() -> None:
    assert "rather its own fault" not in text(of=settings(provider("openai", key("main"))))
