"""Every action there is. What is not listed here does not exist for any face."""

from functools import cache
from typing import Any

from gatewatch.actions.action import Action


@cache
def actions() -> dict[str, Action[Any]]:
    """Name → action."""
    from gatewatch.actions import (
        alert_sinks,
        alerts,
        audit,
        bodies,
        budgets,
        configurations,
        counters,
        deferred,
        limits,
        prices,
        provider_keys,
        provider_quarantine,
        provider_rotation,
        roles,
        teams,
        vault,
    )
    from gatewatch.actions import cache as kept_replies
    from gatewatch.actions.keys import affected, carry, create, edit, found, identify, listing, revoke, rotate, show
    from gatewatch.actions.routes import canary, drain, restore, rollback, targets, versions
    from gatewatch.actions.routes import listing as routes

    of_keys = (affected, carry, create, edit, found, identify, listing, revoke, rotate, show)
    modules = (
        *of_keys,
        *(canary, drain, restore, rollback, routes, targets, versions),
        alert_sinks,
        alerts,
        audit,
        bodies,
        budgets,
        configurations,
        counters,
        deferred,
        kept_replies,
        limits,
        prices,
        provider_keys,
        provider_quarantine,
        provider_rotation,
        roles,
        teams,
        vault,
    )
    every = [each for module in modules for each in vars(module).values() if isinstance(each, Action)]
    return {each.name: each for each in every}
