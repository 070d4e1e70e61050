"""How old the keys of providers are that stand in the vault."""

from gatewatch.config.models import Config
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.kinds import READ_ONLY
from gatewatch.vault.opening import kind_of
from proxy.control.rotation_subject import keys_of

VAULT = "vault:"


def provider_key_ages(home: Home, config: Config) -> dict[str, int]:
    """`PROVIDER/KEY` → µs since it was set; not of keys that are written past us. Raises GatewatchError."""
    with ControlStore.open(home.control, actor="gateway") as store:
        if kind_of(store) in READ_ONLY:
            return {}
        set_at = {note.name: note.set_at for note in store.provider_keys()}
        now = store.clock()
    return {
        f"{provider}/{key}": now - set_at[entry]
        for provider in config.providers
        for key, reference in keys_of(config, provider).items()
        if reference.startswith(VAULT) and (entry := reference.removeprefix(VAULT)) in set_at
    }
