"""The anchor: printed and read back, genuine or not, kept in the vault or, where that is read-only, beside it."""

import stat

import msgspec
import pytest

from gatewatch.audit.anchor import NAME, Anchor, AnchorPlace, Kept
from gatewatch.audit.seals import AuditKey
from gatewatch.errors import UsageError
from gatewatch.vault.interface import VaultReadOnly
from tests.kit.audit_stage import MemoryVault, Stage

KEY = AuditKey(b"k" * 32)
ANCHOR = Anchor.made(KEY, count=12, seq=12, head="ab" * 32, at=1_700_000_000_000_000)


def test_an_anchor_is_one_word_that_can_be_read_back() -> None:
    text = ANCHOR.text()
    assert text.startswith(f"gwaudit1:12:12:{'ab' * 32}:1700000000000000:{KEY.id}:")
    assert len(text) < 160
    assert Anchor.read(f"  {text}\n") == ANCHOR
    assert ANCHOR.is_genuine(KEY)


@pytest.mark.parametrize(("old", "new"), [(":12:12:", ":12:13:"), ("ab" * 32, "ac" * 32), (":1700", ":1800")])
def test_an_anchor_that_was_changed_is_not_genuine(old: str, new: str) -> None:
    assert not Anchor.read(ANCHOR.text().replace(old, new)).is_genuine(KEY)
    assert not ANCHOR.is_genuine(AuditKey(b"l" * 32))


@pytest.mark.parametrize("text", ["", "gwaudit1:1:2", "gwaudit2" + ANCHOR.text()[8:], ANCHOR.text() + "0", "sk-secret"])
def test_what_is_no_anchor_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        Anchor.read(text)
    assert not text or text not in str(refused.value)


def test_what_is_kept_comes_back_from_the_vault(stage: Stage) -> None:
    place = AnchorPlace(stage.vault, stage.home.audit_anchor)
    assert place.read(KEY) is None
    kept = place.write(Kept(anchor=ANCHOR, first=1, filed=3), KEY)
    assert place.read(KEY) == kept
    assert list(stage.vault.entries) == [NAME]
    assert not stage.home.audit_anchor.exists()


def test_what_another_key_made_or_somebody_changed_counts_as_nothing(stage: Stage) -> None:
    place = AnchorPlace(stage.vault, stage.home.audit_anchor)
    place.write(Kept(anchor=ANCHOR, first=1), KEY)
    assert place.read(AuditKey(b"l" * 32)) is None
    stage.vault.entries[NAME] = stage.vault.entries[NAME].replace('"first":1', '"first":9')
    assert place.read(KEY) is None


class GivenVault(MemoryVault):
    """Secrets from outside."""

    def set(self, name: str, secret: str) -> None:
        raise VaultReadOnly("read-only")


def test_beside_a_vault_that_is_read_only_it_is_kept_in_a_private_file(stage: Stage) -> None:
    place = AnchorPlace(GivenVault(), stage.home.audit_anchor)
    kept = place.write(Kept(anchor=ANCHOR, first=1), KEY)
    assert place.read(KEY) == kept
    assert stat.S_IMODE(stage.home.audit_anchor.stat().st_mode) == 0o600


def test_of_two_places_the_newer_one_counts(stage: Stage) -> None:
    AnchorPlace(GivenVault(), stage.home.audit_anchor).write(Kept(anchor=ANCHOR, first=1), KEY)
    older = msgspec.structs.replace(ANCHOR, seq=3)
    place = AnchorPlace(stage.vault, stage.home.audit_anchor)
    place.write(Kept(anchor=older, first=1), KEY)
    found = place.read(KEY)
    assert found is not None
    assert found.anchor == ANCHOR
