"""Seals: HMAC-SHA256 under the audit key, each for one purpose."""

import hashlib
import hmac

from gatewatch.audit.seals import AuditKey

KEY = AuditKey(b"k" * 32)


def test_a_seal_is_the_hmac_of_the_place_and_the_hash() -> None:
    by_hand = hmac.new(b"k" * 32, b"gatewatch audit entry:7:" + b"ab" * 32, hashlib.sha256).hexdigest()
    assert KEY.seal(7, "ab" * 32) == by_hand
    assert KEY.fits(by_hand, "entry", "7:" + "ab" * 32)


def test_a_seal_fits_no_other_place_key_or_kind() -> None:
    seal = KEY.seal(7, "ab" * 32)
    assert seal != KEY.seal(8, "ab" * 32)
    assert seal != AuditKey(b"l" * 32).seal(7, "ab" * 32)
    assert not KEY.fits(seal, "anchor", "7:" + "ab" * 32)
    assert not KEY.fits("\ud800", "entry", "7")


def test_a_key_is_known_by_sixteen_digits_that_are_no_part_of_it() -> None:
    assert KEY.id == AuditKey(b"k" * 32).id
    assert len(KEY.id) == 16
    assert KEY.id not in (b"k" * 32).hex()
    assert KEY.id != AuditKey(b"l" * 32).id
