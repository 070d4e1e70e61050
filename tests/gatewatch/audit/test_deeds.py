"""What kind of deed an action is, and from which address it came."""

import pytest

from gatewatch.actions.registry import actions
from gatewatch.audit.deeds import Kind, address_in, kind_of


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("key.create", "create"),
        ("keys.create", "create"),
        ("audit.list", "read"),
        ("key.rotate", "update"),
        ("key.end_grace", "delete"),
        ("config.reload", "update"),
        ("key.revoke", "delete"),
        ("vault.abandon", "delete"),
        ("something.unheard", "other"),
        ("", "other"),
    ],
)
def test_a_deed_has_a_kind(action: str, kind: Kind) -> None:
    assert kind_of(action) == kind


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("10.1.2.3:4711", "10.1.2.3"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("pid 17 as root", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_told_from_a_process(source: str | None, address: str | None) -> None:
    assert address_in(source) == address


def test_most_of_our_actions_are_of_a_known_kind() -> None:
    assert sum(kind_of(name) == "other" for name in actions()) <= len(actions()) // 4
