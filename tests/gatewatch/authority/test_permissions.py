"""Roles and what they stand for, against a list by hand."""

import itertools

from gatewatch.authority.permissions import PERMISSIONS, ROLE_NUMBERS, Permission

LOOKS = {"live.read", "ledger.read", "keys.view", "teams.view", "providers.view", "prices.view"} | {
    "metrics.read",
    "alerts.view",
    "budgets.view",
    "routes.view",
    "deferred.view",
}
ADMIN = {"keys.create", "keys.edit", "keys.rotate", "keys.revoke", "keys.copy", "teams.create"} | {
    "providers.quarantine",
    "alerts.manage",
    "budgets.set",
    "budgets.grant",
    "limits.set",
    "cache.invalidate",
    "deferred.cancel",
    "routes.change",
    "alerts.test",
    "roles.view",
    "audit.view",
}


def test_nobody_may_nothing_and_a_super_admin_everything() -> None:
    assert PERMISSIONS["none"] == frozenset()
    assert PERMISSIONS["super-admin"] == frozenset(Permission)


REPORTS = {"keys.report_leak"}
"""What everybody may do who has a secret, with a prompt."""


def test_a_user_looks_and_an_admin_works_with_client_keys() -> None:
    assert {str(each) for each in PERMISSIONS["user"]} == LOOKS | REPORTS
    assert {str(each) for each in PERMISSIONS["admin"]} == LOOKS | REPORTS | ADMIN


def test_what_touches_secrets_roles_and_proof_is_for_super_admins_alone() -> None:
    for name in ("admin_keys.manage", "providers.set_key", "providers.rotate_key", "roles.set", "ledger.snapshot"):
        holders = [role for role, permissions in PERMISSIONS.items() if Permission(name) in permissions]
        assert holders == ["super-admin"], name


def test_numbers_are_those_of_one_api() -> None:
    assert ROLE_NUMBERS == {"none": 0, "user": 1, "admin": 10, "super-admin": 100}
    order = sorted(ROLE_NUMBERS, key=lambda role: ROLE_NUMBERS[role])
    for lower, higher in itertools.pairwise(order):
        assert PERMISSIONS[lower] <= PERMISSIONS[higher]
