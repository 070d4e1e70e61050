"""The limits and budgets of a home that no gateway runs on: the configuration file's and operators'."""

import os
from pathlib import Path

from gatewatch.limits.in_force import InForce, together
from gatewatch.paths import Home


def rules_at_rest(home: Home, config: Path | None = None) -> InForce:
    """As they would hold now; nothing is in flight. `config`: the file, where it is not the home's own.

    Raises ConfigError, ControlStoreError.
    """
    from gatewatch.config.limit_rules import rules_of
    from gatewatch.config.loading import load
    from gatewatch.control.store import ControlStore

    path = config or home.config
    configured = rules_of(load(path, os.environ).config) if config or path.exists() else ()
    if not home.control.exists():
        return InForce(configured)
    with ControlStore.open(home.control) as store:
        return InForce(together(configured, store.rules(), store.grants(store.clock())))
