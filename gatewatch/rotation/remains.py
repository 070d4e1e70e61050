"""What may be left of a rotation that is given up, and where: in words, from what was noted of it. No secrets."""

from gatewatch.control.provider_rotations import Rotation
from gatewatch.timespan import iso


def remains(rotation: Rotation) -> str:
    """Every key that nobody looks after any more."""
    detail, entry = rotation.detail, rotation.entry
    left = []
    if rotation.before_the_switch or rotation.step == "switching":
        if detail.minted_id or detail.asked_at is not None or not detail.mint:
            left.append(f"{new_key(rotation)} at {rotation.provider}")
    elif rotation.step != "revoked" and not detail.keep_old:
        left.append(f"{old_key(rotation)} at {rotation.provider}")
    if rotation.step == "switching":
        left.append(f"in vault:{entry} the old key or the new one: `gatewatch providers test {rotation.provider}`")
    if rotation.step != "begun":
        left.append(
            f"in the vault, until its next rotation, secrets in gatewatch/next/{entry} and gatewatch/old/{entry}"
        )
    return "there may be left: " + "; ".join(left) if left else ""


def new_key(rotation: Rotation) -> str:
    """The new key likewise; it may not have been made."""
    detail = rotation.detail
    if detail.minted_id:
        return f"the new key (called {detail.minted_id} there)"
    if detail.asked_at is not None:
        return f"the new key (if it was made, {iso(detail.asked_at)} or later, as {rotation.id})"
    return "the new key that was given"


def old_key(rotation: Rotation) -> str:
    """The old key as an operator can find it."""
    detail = rotation.detail
    known = [f"called {detail.old_id} there"] if detail.old_id else []
    if detail.version_old is not None:
        known.append(f"version {detail.version_old} here")
    if detail.set_at_old is not None:
        known.append(f"set {iso(detail.set_at_old)} by {detail.set_by_old}")
    return f"the old key ({', '.join(known)})" if known else "the old key"
