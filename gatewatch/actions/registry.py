"""Every action there is. What is not listed here does not exist for any face."""

from functools import cache
from typing import Any

from gatewatch.actions.action import Action


@cache
def actions() -> dict[str, Action[Any]]:
    """Name → action."""
    from gatewatch.actions import keys

    modules = (keys,)
    found = [each for module in modules for each in vars(module).values() if isinstance(each, Action)]
    return {each.name: each for each in found}
