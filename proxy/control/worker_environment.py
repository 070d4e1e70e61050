"""What workers inherit: no variable that the configuration names as a place of a secret, and no core file.

They get their secrets as settings on stdin. What /proc/PID/environ and a crash leave behind holds none of them.
"""

import os
import re
import resource
from typing import Any

_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)", re.ASCII)


def variables_with_secrets(tree: Any) -> frozenset[str]:
    """Names of the variables that a configuration, as a tree of its values, refers to."""
    if isinstance(tree, dict):
        return frozenset().union(*map(variables_with_secrets, tree.values()))
    if isinstance(tree, list):
        return frozenset().union(*map(variables_with_secrets, tree))
    named = _REFERENCE.fullmatch(tree) if isinstance(tree, str) else None
    return frozenset({named[1]}) if named else frozenset()


def without(names: frozenset[str]) -> dict[str, str]:
    """This process's environment but for these."""
    return {name: value for name, value in os.environ.items() if name not in names}


def leave_no_core() -> None:
    """This process and those it starts write no core file when they crash: it would hold every secret that they do."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
