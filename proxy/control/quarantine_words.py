"""What operators are told of a provider's key that is in quarantine: which, why, since when, what serves instead, and
what to do."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from gatewatch.control.key_hold import TOGETHER_US, KeyHold
from gatewatch.safe_text import safe
from gatewatch.timespan import iso
from proxy.settings import Provider, ProviderKey, Settings

NAMED = 3
"""Models, keys and routes that are named; more are counted."""


def alarm_text(of_key: Sequence[KeyHold], every: Collection[KeyHold], settings: Settings, reference: str) -> str:
    """`of_key`: all holds of one key; `every`: those of all keys; `reference`: where the secret is."""
    whole = next((hold for hold in of_key if not hold.model), None)
    told = whole or of_key[0]
    models = "" if whole else f" for {_listed([safe(hold.model, 60) for hold in of_key])}"
    what = "is used up at" if told.kind == "exhausted" else "is refused by"
    said = f"The key {told.key_id} {what} {told.provider}{models} since {_time(told.since)}: {safe(told.reason, 120)}."
    tried = f" It failed {told.failures} times." if told.failures > 1 else ""
    again = f" One call tries it again at {_time(told.until)}."
    instead = _instead(told, set(_held_whole(every)), settings)
    remedy = _remedy(told, reference)
    if _all_at_once(told, every, settings):
        said += f" So are all keys of {told.provider}, within seconds: that is rather its own fault than the keys'."
        remedy = f"If it lasts, look whether {told.provider} is well, and whether the account is"
    lift = f"`gatewatch providers lift {told.provider} {told.key_id}` uses it again at once."
    return f"{said}{tried} {instead}{again} {remedy}; {lift}"


def _all_at_once(told: KeyHold, every: Collection[KeyHold], settings: Settings) -> bool:
    """Whether the provider has begun to refuse all of several keys at the same time."""
    provider = settings.providers.get(told.provider)
    keys = {key.id for key in provider.keys} if provider else set()
    held = [hold for hold in every if hold.provider == told.provider and not hold.model and hold.kind == "refused"]
    began = [hold.since for hold in held if hold.key_id in keys]
    return len(keys) > 1 and len(began) == len(keys) and max(began) - min(began) <= TOGETHER_US and told in held


def _time(us: int) -> str:
    """To the second."""
    return iso(us).partition(".")[0] + "Z"


def _held_whole(every: Iterable[KeyHold]) -> Iterable[tuple[str, str]]:
    return ((hold.provider, hold.key_id) for hold in every if not hold.model)


def _instead(hold: KeyHold, held: set[tuple[str, str]], settings: Settings) -> str:
    provider = settings.providers.get(hold.provider)
    key = next((key for key in provider.keys if key.id == hold.key_id), None) if provider else None
    if provider is None or key is None:
        return "It is not configured any more."
    others = [other.id for other in provider.keys if (provider.name, other.id) not in held and _covers(other, key)]
    if others := [other for other in others if other != hold.key_id]:
        return f"{_listed(others)} {'serves' if len(others) == 1 else 'serve'} instead."
    return _other_targets(provider, held, settings)


def _covers(other: ProviderKey, key: ProviderKey) -> bool:
    """Whether the other key may serve at least some of the calls of this one."""
    return _meet(other.teams, key.teams) and _meet(other.routes, key.routes)


def _meet(one: Sequence[str] | None, other: Sequence[str] | None) -> bool:
    return one is None or (other is not None and not set(one).isdisjoint(other))


def _other_targets(provider: Provider, held: set[tuple[str, str]], settings: Settings) -> str:
    covered: list[str] = []
    bare: list[str] = []
    for route in settings.routes.values():
        targets = [settings.providers[target.provider] for target in route.targets]
        if provider in targets:
            rest = any(_has_a_key(other, held) for other in targets if other is not provider)
            (covered if rest else bare).append(route.name)
    told = f"Calls of {_listed(covered)} go to other providers. " if covered else ""
    failing = f"Calls of {_listed(bare)}" if bare else "Other calls to it" if covered else "Calls to it"
    return f"{told}No other key serves: {failing} get 503 upstream_auth."


def _has_a_key(provider: Provider, held: set[tuple[str, str]]) -> bool:
    return any((provider.name, key.id) not in held for key in provider.keys)


def _remedy(hold: KeyHold, reference: str) -> str:
    if hold.kind == "exhausted":
        return "Top up the account at the provider, or raise its limits there"
    kind, _, name = reference.partition(":")
    remedies: Mapping[str, str] = {
        "vault": f"Put a new one into the vault with `gatewatch providers set-key {name}`",
        "file": f"Write a new one to {name}",
        "env": f"Set {name} to a new one and restart the gateway",
    }
    if hold.model:
        return "Give it access to the model at the provider"
    return remedies.get(kind, "Mend its access at the provider")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
