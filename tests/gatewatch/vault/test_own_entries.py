"""What Gatewatch keeps for itself cannot be referred to as a provider's key."""

import re

import pytest

from gatewatch.vault.own_entries import NEEDED, is_own, new_secret
from gatewatch.vault.pepper import NAME
from gatewatch.vault.references import SecretError, checked_vault_name


def test_no_reference_can_name_one_of_our_entries() -> None:
    for name in NEEDED:
        assert is_own(name)
        with pytest.raises(SecretError):
            checked_vault_name(name)
    assert not is_own("openai")


def test_the_pepper_is_one_of_them() -> None:
    assert NAME in NEEDED


def test_each_secret_is_256_random_bits() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[0-9a-f]{64}", secret) for secret in made)
