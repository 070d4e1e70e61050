"""`gatewatch providers list`: the configured providers, and of each key whether it is there and used."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.cli.provider_headroom import headroom, in_words

if TYPE_CHECKING:
    from gatewatch.config.models import Provider
    from gatewatch.paths import Home
    from gatewatch.vault.interface import Vault

COLUMNS = (
    "name", "preset", "dialects", "base_url", "region", "privacy", "api_key", "key", "in_flight", "headroom",
    "quarantine",
)  # fmt: skip


def list_providers(args: argparse.Namespace) -> int:
    """Reads every provider's key to say whether it is there; chooses no vault where none was chosen yet."""
    import os
    import sys
    from pathlib import Path

    from app.cli.output import print_rows
    from gatewatch.config import load
    from gatewatch.paths import Home

    home = Home.find(args.home)
    path = Path(args.config) if args.config else home.config if home.config.exists() else None
    providers = load(path, os.environ).config.providers
    references = {each for provider in providers.values() for each in provider.references.values()}
    states, set_at = _states(args, home, references)
    workers, held = _workers(args), _held(args)
    rows = [
        _row(name, provider, _keys(name, provider, states, set_at, workers, held))
        for name, provider in providers.items()
    ]
    print_rows([_for_people(row) for row in rows] if args.output == "table" else rows, args.output, COLUMNS)
    if unused := sorted(set_at.keys() - references):
        sys.stderr.write(f"in the vault, and no provider uses it: {', '.join(unused)}\n")
    return 0


def _row(name: str, provider: "Provider", keys: list[dict[str, Any]]) -> dict[str, Any]:
    """`api_key`, `key` and `set_at` are those of a provider with one key, as scripts know them."""
    from gatewatch.config.target_privacy import known_privacy, stated
    from gatewatch.providers.privacy import summary

    only = keys[0] if provider.api_key else None
    counts = [key["in_flight"] for key in keys if key["in_flight"] is not None]
    return {
        "name": name,
        "preset": provider.preset,
        "dialects": [way.dialect for way in provider.ways],
        "base_url": provider.ways[0].base_url,
        "region": provider.region,
        "privacy": summary(known_privacy(provider), stated(provider)),
        "api_key": provider.api_key,
        "key": only["state"] if only else None,
        "set_at": only["set_at"] if only else None,
        "in_flight": sum(counts) if counts else None,
        "headroom": [{"key": key["name"], **lane} for key in keys for lane in key["headroom"] or ()],
        "quarantine": [held for key in keys for held in key["quarantine"]],
        "keys": keys,
    }


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    several = row["api_key"] is None
    return row | {
        "api_key": ", ".join(key["name"] for key in row["keys"]),
        "key": ", ".join(f"{key['name']} {key['state']}" for key in row["keys"]) if several else row["key"],
        "headroom": in_words(row["headroom"]),
        "quarantine": ", ".join(
            f"{hold['key_id']} {hold['kind']}" + (f" for {hold['model']}" if hold["model"] else "")
            for hold in row["quarantine"]
        ),
    }


def _keys(
    name: str,
    provider: "Provider",
    states: Mapping[str, str],
    set_at: Mapping[str, str],
    workers: Sequence[Mapping[str, Any]] | None,
    held: Iterable[dict[str, Any]],
) -> list[dict[str, Any]]:
    in_flight, lanes = _in_flight(workers or ()), headroom(workers or ())
    written = {each.name: each for each in provider.api_keys or ()}
    return [
        {
            "name": id,
            "reference": reference,
            "state": states[reference],
            "set_at": set_at.get(reference),
            "weight": written[id].weight if id in written else 1,
            "teams": written[id].teams if id in written else None,
            "models": written[id].models if id in written else None,
            "in_flight": None if workers is None else in_flight.get(name, {}).get(id, 0),
            "headroom": None if workers is None else lanes.get((name, id), []),
            "quarantine": [hold for hold in held if (hold["provider"], hold["key_id"]) == (name, id)],
        }
        for id, reference in provider.references.items()
    ]


def _workers(args: argparse.Namespace) -> list[dict[str, Any]] | None:
    """What each worker says of itself; None where no gateway runs."""
    from gatewatch.control_client import ControlClient, answers
    from gatewatch.paths import Home

    home = Home.find(args.home)
    if not home.control.exists() or not answers(home.socket):
        return None
    with ControlClient(home.socket) as client:
        workers: list[dict[str, Any]] = client.request("GET", "/v1/live")["workers"]
        return workers


def _in_flight(workers: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Provider → key → calls, over all workers."""
    counted: dict[str, dict[str, int]] = {}
    for worker in workers:
        for provider, keys in worker["provider_keys_in_flight"].items():
            for key, calls in keys.items():
                of_provider = counted.setdefault(provider, {})
                of_provider[key] = of_provider.get(key, 0) + calls
    return counted


def _held(args: argparse.Namespace) -> list[dict[str, Any]]:
    from app.cli.performing import is_there, perform
    from gatewatch.actions.provider_quarantine import ListQuarantine

    return perform(args, "providers.quarantine.list", ListQuarantine()) if is_there(args) else []


def _states(args: argparse.Namespace, home: "Home", references: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Reference → `set`, `none` or what is wrong with it; and reference → when the key in the vault was set."""
    from app.cli.vault_options import control_store, opened_vault
    from gatewatch.errors import GatewatchError
    from gatewatch.timespan import iso
    from gatewatch.vault.opening import kind_of
    from gatewatch.vault.references import resolve

    vault: Vault | None = None
    set_at: dict[str, str] = {}
    states: dict[str, str] = {}
    if home.control.exists():
        with control_store(args, make=False) as (_, store):
            set_at = {f"vault:{note.name}": iso(note.set_at) for note in store.provider_keys()}
            in_vault = {reference for reference in references if reference.startswith("vault:")}
            if in_vault and kind_of(store):
                try:
                    vault = opened_vault(args, home, store)
                except GatewatchError as error:
                    states = dict.fromkeys(in_vault, error.title)
    for reference in references - states.keys():
        try:
            states[reference] = "none" if resolve(reference, vault) is None else "set"
        except GatewatchError as error:
            states[reference] = error.title
    return states, set_at
