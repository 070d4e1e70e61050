"""The limits of providers' keys in the configuration file → rules, and caps on what runs at once.

Keeps true: what a key says of itself wins over what its provider says of all of them, amount by amount; requests and
tokens become rules, which are counted and refuse; calls at a time become caps, at which calls wait.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gatewatch.config.models import Config, Provider
from gatewatch.config.provider_limits import KeyLimits
from gatewatch.limits.rule import Measure, Rule
from gatewatch.limits.window import Window

_MINUTE = Window(seconds=60)
_MEASURES: dict[str, Measure] = {
    "rpm": "requests", "tpm": "tokens", "input_tpm": "input_tokens", "output_tpm": "output_tokens",
}  # fmt: skip


class Cap(NamedTuple):
    """So many calls at once."""

    provider: str
    key: str
    model: str
    """Of the provider; empty: whatever the model."""
    most: int


def provider_rules(config: Config) -> Iterator[Rule]:
    """One rule for each amount of each key, and of each model of it."""
    for name, provider in config.providers.items():
        for key, id, model, limits in _of_keys(name, provider):
            for amount, measure in _MEASURES.items():
                if most := getattr(limits, amount):
                    yield Rule(
                        id=f"{id}/{measure}/{_MINUTE.text}", kind="limit", scope="provider_key", name=f"{name}/{key}",
                        measure=measure, most=most, window=_MINUTE, for_model=model or None,
                    )  # fmt: skip


def provider_caps(config: Config) -> Iterator[Cap]:
    """One for each key, and each model of it, that has one."""
    for name, provider in config.providers.items():
        for key, _, model, limits in _of_keys(name, provider):
            if limits.concurrent:
                yield Cap(name, key, model, limits.concurrent)


def _of_keys(name: str, provider: Provider) -> Iterator[tuple[str, str, str, KeyLimits]]:
    """Key, what its limits are called, model (empty: any), and the limits."""
    own = {each.name: each.limits for each in provider.api_keys or ()}
    for key in provider.references:
        parts = [part for part in (provider.limits, own.get(key)) if part is not None]
        id = f"providers.{name}.api_keys.{key}" if own else f"providers.{name}.limits"
        yield key, id, "", _merged(parts)
        for model in dict.fromkeys(model for part in parts for model in part.models):
            yield key, f"{id}.{model}", model, _merged([part.models[model] for part in parts if model in part.models])


def _merged(parts: Sequence[KeyLimits]) -> KeyLimits:
    """Amount by amount, the later wins."""
    amounts: dict[str, int] = {}
    for part in parts:
        for amount in KeyLimits.model_fields:
            if (most := getattr(part, amount)) is not None:
                amounts[amount] = most
    return KeyLimits(**amounts)
