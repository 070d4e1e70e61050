"""Keys that are read, checked and kept, but do nothing in this version. They are never taken silently."""

from collections.abc import Iterator

from gatewatch.config.models import Config
from gatewatch.config.problems import KeyPath
from gatewatch.providers.catalogue import Preset, presets
from gatewatch.vault.kinds import READ_ONLY


def not_enforced(config: Config) -> list[tuple[KeyPath, str]]:
    """What stands in the file and does nothing yet: key path, and what happens in its place."""
    return list(_unenforced(config))


def _has_an_age(config: Config, reference: str) -> bool:
    return reference.startswith("vault:") and config.vault not in READ_ONLY


def _unenforced(config: Config) -> Iterator[tuple[KeyPath, str]]:
    for store in ("control", "ledger"):
        if getattr(config.stores, store):
            yield ("stores", store), "not in force yet: the embedded store is used"
    for name, provider in config.providers.items():
        if provider.rotation and provider.rotation.max_age is not None:
            unaged = [each for each, where in provider.references.items() if not _has_an_age(config, where)]
            if unaged:
                told = f"not in force for {', '.join(unaged)}: when it was set is known of keys in the vault alone"
                yield ("providers", name, "rotation", "max_age"), told
        preset = presets()[provider.preset] if provider.preset else None
        if provider.project and not _matters("project", preset):
            yield ("providers", name, "project"), "not enforced yet: it changes nothing for this provider"
    for name, model in config.models.items():
        if model.weights and model.strategy != "weight":
            yield ("models", name, "weights"), f"does nothing with strategy: {model.strategy}"
    for name, team in config.teams.items():
        if team.models:
            yield ("teams", name, "models"), "not enforced yet: give the models to its keys (keys create --models)"


def _matters(key: str, preset: Preset | None) -> bool:
    """Whether the provider's addresses are made with it."""
    return preset is not None and any(f"{{{key}}}" in endpoint.base_url for endpoint in preset.endpoints)
