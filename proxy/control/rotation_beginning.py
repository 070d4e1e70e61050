"""How a rotation begins, is resumed and is cancelled, whoever carries it out then."""

from pathlib import Path

from gatewatch.config import Loaded
from gatewatch.control.provider_rotations import Detail, ProviderRotations, Rotation
from gatewatch.control.transactions import Transactions
from gatewatch.errors import GatewatchError, UsageError
from gatewatch.rotation.parts import Fleet, Parts, ProbeFailed
from gatewatch.rotation.procedure import Procedure
from gatewatch.rotation.rotator import Outlook, Wish
from gatewatch.vault.interface import Vault
from gatewatch.vault.references import resolve
from proxy.control.rotation_subject import Subject, longest_deadline, parts_for, sharers, subject_now, subject_of


def outlook(
    store: Transactions, loaded: Loaded, vault: Vault, control: Path, provider: str, key: str | None
) -> Outlook:
    """As `Rotator` promises."""
    subject = subject_of(loaded, provider, key)
    parts = _parts(loaded, subject, vault, control, None)
    row = store.connection.execute("SELECT version, set_at FROM provider_keys WHERE name = ?", (subject.entry,))
    version, set_at = row.fetchone() or (None, None)
    return Outlook(
        provider=subject.provider,
        key=subject.key,
        entry=subject.entry,
        version=version,
        set_at=set_at,
        mints=parts.maker is not None and parts.maker.mints,
        ends=parts.maker is not None,
        by_hand=parts.by_hand,
        drain_us=longest_deadline(loaded.config),
        shared_with=sharers(loaded.config, subject),
    )


def begun(store: Transactions, loaded: Loaded, vault: Vault, control: Path, wish: Wish) -> Rotation:
    """A rotation that stands in the store, its new key in the vault where it was given. Raises GatewatchError."""
    subject = subject_of(loaded, wish.provider, wish.key)
    parts = _parts(loaded, subject, vault, control, None)
    if wish.secret is None and (parts.maker is None or not parts.maker.mints):
        raise UsageError(
            f"{subject.provider} has no admin API configured that makes keys",
            "make the new key there, and give it at the prompt, on stdin or with --from-file",
        )
    if wish.secret is not None and wish.secret == vault.get(subject.entry):
        raise UsageError("that is the key in use now", "give the new one")
    drain_us = longest_deadline(loaded.config) if wish.drain_us is None else wish.drain_us
    detail = Detail(mint=wish.secret is None, keep_old=wish.keep_old, drain_us=drain_us)
    rotations = ProviderRotations(store)
    procedure = Procedure(
        rotations.begin(subject.provider, subject.key, subject.entry, detail), rotations, vault, parts
    )
    if wish.secret is not None:
        procedure.put(wish.secret)
    return procedure.rotation


def parts_of(loaded: Loaded, rotation: Rotation, vault: Vault, control: Path, fleet: Fleet | None) -> Parts:
    """What a rotation goes on with; where it cannot, what it is rolled back with."""
    try:
        subject = subject_now(loaded, rotation.provider, rotation.key_id, rotation.entry)
        return _parts(loaded, subject, vault, control, fleet)
    except GatewatchError as error:
        by_hand = f"end the old key in the console of {rotation.provider}"
        return Parts(provider=rotation.provider, prober=_Nobody(), maker=None, fleet=None, by_hand=by_hand, gone=error)


class _Nobody:
    """Tries no key."""

    async def probe(self, secret: str) -> None:
        del secret
        raise ProbeFailed("there is no provider to try the new key at")


def _parts(loaded: Loaded, subject: Subject, vault: Vault, control: Path, fleet: Fleet | None) -> Parts:
    return parts_for(loaded, subject, control, lambda reference: resolve(reference, vault), fleet)
