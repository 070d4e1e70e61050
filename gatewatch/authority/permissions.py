"""Roles, and the permissions that each of them stands for.

Checks name a permission, never a role: `role >= 10` would let through whatever is invented between two numbers.
"""

from enum import StrEnum
from typing import Literal

RoleName = Literal["none", "user", "admin", "super-admin"]

ROLE_NUMBERS: dict[RoleName, int] = {"none": 0, "user": 1, "admin": 10, "super-admin": 100}
"""The numbers that one-api and its kin use, for those who come from there."""


class Permission(StrEnum):
    """One right. Its text stands in the audit trail and in errors."""

    LIVE_READ = "live.read"
    METRICS_READ = "metrics.read"
    """Of all teams, as Prometheus scrapes them."""
    LEDGER_READ = "ledger.read"
    LEDGER_SNAPSHOT = "ledger.snapshot"
    BODIES_READ = "bodies.read"
    """To read what callers wrote and were told, where that is kept."""
    KEYS_VIEW = "keys.view"
    KEYS_CREATE = "keys.create"
    KEYS_EDIT = "keys.edit"
    KEYS_ROTATE = "keys.rotate"
    KEYS_REVOKE = "keys.revoke"
    KEYS_REPORT_LEAK = "keys.report_leak"
    """To have keys flagged whose whole secrets turned up somewhere. What happens then is the policy's doing."""
    KEYS_COPY = "keys.copy"
    """To be shown a new key's secret. Without it a secret can only be put where the gateway keeps it."""
    ADMIN_KEYS_MANAGE = "admin_keys.manage"
    """Beside the right to the deed itself, where the key is an admin key."""
    TEAMS_VIEW = "teams.view"
    TEAMS_CREATE = "teams.create"
    PROVIDERS_VIEW = "providers.view"
    PROVIDERS_SET_KEY = "providers.set_key"
    PROVIDERS_ROTATE_KEY = "providers.rotate_key"
    PROVIDERS_QUARANTINE = "providers.quarantine"
    BUDGETS_VIEW = "budgets.view"
    """Of limits too."""
    BUDGETS_SET = "budgets.set"
    BUDGETS_GRANT = "budgets.grant"
    """To lift a ceiling, whoever manages it."""
    LIMITS_SET = "limits.set"
    CACHE_INVALIDATE = "cache.invalidate"
    """To have kept replies given no more."""
    ALERTS_VIEW = "alerts.view"
    ALERTS_MANAGE = "alerts.manage"
    """To acknowledge and silence alerts, and to lift what they have put in force."""
    ALERTS_TEST = "alerts.test"
    """To have a sink told of an alert that is none."""
    ROUTES_VIEW = "routes.view"
    ROUTES_CHANGE = "routes.change"
    """To send calls elsewhere than the configuration says: canaries, drains, rollbacks."""
    PRICES_VIEW = "prices.view"
    PRICES_SET = "prices.set"
    DEFERRED_VIEW = "deferred.view"
    """Which calls wait for their time; not what they say."""
    DEFERRED_CANCEL = "deferred.cancel"
    ROLES_VIEW = "roles.view"
    ROLES_SET = "roles.set"
    AUDIT_VIEW = "audit.view"
    AUDIT_VERIFY = "audit.verify"
    AUDIT_EXPORT = "audit.export"
    AUDIT_ACCEPT = "audit.accept"
    """To go on behind a break of the trail."""
    VAULT_VIEW = "vault.view"
    VAULT_CHANGE = "vault.change"
    """To move all secrets to another vault, give them up, or write them out for one."""


_P = Permission

_USER = frozenset(
    {
        _P.METRICS_READ,
        *(_P.LIVE_READ, _P.LEDGER_READ, _P.KEYS_VIEW, _P.TEAMS_VIEW, _P.PROVIDERS_VIEW, _P.PRICES_VIEW),
        _P.ALERTS_VIEW,
        _P.BUDGETS_VIEW,
        _P.ROUTES_VIEW,
        _P.DEFERRED_VIEW,
        _P.KEYS_REPORT_LEAK,  # whoever has a secret can do as much by putting it into a prompt
    }
)
_ADMIN = _USER | {
    _P.KEYS_CREATE,
    _P.KEYS_EDIT,
    _P.KEYS_ROTATE,
    _P.KEYS_REVOKE,
    _P.KEYS_COPY,
    _P.TEAMS_CREATE,
    _P.BUDGETS_SET,
    _P.BUDGETS_GRANT,
    _P.LIMITS_SET,
    _P.CACHE_INVALIDATE,
    _P.DEFERRED_CANCEL,
    _P.ROUTES_CHANGE,
    _P.PROVIDERS_QUARANTINE,
    _P.ALERTS_MANAGE,
    _P.ALERTS_TEST,
    _P.ROLES_VIEW,
    _P.AUDIT_VIEW,
}

PERMISSIONS: dict[RoleName, frozenset[Permission]] = {
    "none": frozenset(),
    "user": _USER,
    "admin": _ADMIN,
    "super-admin": frozenset(Permission),
}
