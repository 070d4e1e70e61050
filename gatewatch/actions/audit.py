"""The audit trail: looked at, proven, taken along."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.audit.accept import accept as accept_break
from gatewatch.audit.anchor import Accepted, Anchor, AnchorPlace, Kept
from gatewatch.audit.audit_key import find_audit_key
from gatewatch.audit.export import end_of, page
from gatewatch.audit.links import snapshot
from gatewatch.audit.sealing import seal_trail
from gatewatch.audit.seals import AuditKey
from gatewatch.audit.second_sink import sink_as_before
from gatewatch.audit.times import with_times
from gatewatch.audit.told import told
from gatewatch.audit.verify import Verdict, verify_file, verify_home
from gatewatch.authority.permissions import Permission
from gatewatch.control.audit import Wanted
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.timespan import iso
from gatewatch.vault.opening import kind_of

MOST = 1_000
"""Entries in one answer."""

NOT_RULED_OUT = (
    "an old vault, second file and store put back together: only --anchor with one kept elsewhere finds that"
)

Counted = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
"""What SQLite can compare with."""


class _Filter(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """As in `Wanted`; times are µs since the epoch, UTC."""

    since: Counted | None = None
    until: Counted | None = None
    action: str | None = None
    actor: str | None = None
    target: str | None = None
    result: str | None = None

    def wanted(self) -> Wanted:
        return Wanted(**{name: getattr(self, name) for name in Wanted.__struct_fields__})


class ListAudit(_Filter, kw_only=True):
    before: Counted | None = None
    """Goes on behind that entry."""
    limit: int = 100


class VerifyAudit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    file: str | None = None
    """A copy of the second sink's file, or an export, to look at instead; an absolute path on the gateway's machine."""
    anchor: str | None = None
    """One that was kept elsewhere."""


class ExportAudit(_Filter, kw_only=True):
    """One page; the next one is asked for with `after` and `upto` of the one before it."""

    form: Literal["jsonl", "cef", "ocsf"] = "jsonl"
    after: Counted = 0
    upto: Counted | None = None


class AcceptBreak(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    reason: str
    """Why it is no forgery, in words; it stands in the trail for ever."""


@action("audit.list", Permission.AUDIT_VIEW, ListAudit, changes=False)
def listed(acting: Acting, asked: ListAudit) -> list[dict[str, object]]:
    """Newest first. Who belongs to one team sees what concerns it, and own deeds."""
    if not 1 <= asked.limit <= MOST:
        raise UsageError(f"1 to {MOST} entries at once, not {asked.limit}", "go on with `before`")
    entries = acting.store.trail.entries(asked.limit, asked.wanted(), before=asked.before, team=acting.actor.team)
    return [with_times(msgspec.to_builtins(entry)) for entry in entries]


@action("audit.verify", Permission.AUDIT_VERIFY, VerifyAudit, changes=False)
def verify(acting: Acting, asked: VerifyAudit) -> dict[str, Any]:
    """What was found in each place; where all is well, the anchor to keep. What was new is sealed then."""
    _check_all_teams(acting)
    key, kept = _known(acting)
    anchors = _given(asked.anchor, key)
    if asked.file is not None:
        return _told([(asked.file, verify_file(Path(asked.file), key, kept, anchors))], None)
    sink = acting.second_sink() or sink_as_before(acting.home, kept)
    found = [(str(path), verdict) for path, verdict in verify_home(acting.home, key, kept, sink.file, anchors)]
    accepted = kept.accepted if kept else ()
    if _has_vault(acting) and all(verdict.ok for _, verdict in found):
        sealed = seal_trail(acting.home, acting.store, acting.open_vault(), acting.second_sink())
        answer = _told(found, sealed.kept.anchor, tuple(sealed.problems.values()), accepted)
        return answer if anchors else answer | {"not_ruled_out": NOT_RULED_OUT}
    return _told(found, kept.anchor if kept else None, accepted=accepted)


@action("audit.export", Permission.AUDIT_EXPORT, ExportAudit, changes=False)
def export(acting: Acting, asked: ExportAudit) -> dict[str, Any]:
    """`lines`, and where the next page begins; the last page of JSON lines has the line that says what they hold."""
    _check_all_teams(acting)
    upto = asked.upto
    if upto is None and _has_vault(acting):
        upto = seal_trail(acting.home, acting.store, acting.open_vault(), acting.second_sink()).kept.anchor.seq
    key, kept = _known(acting)
    with snapshot(acting.home.control) as connection:
        if upto is None:
            (upto,) = connection.execute("SELECT ifnull(max(seq), 0) FROM audit").fetchone()
        found = page(connection, asked.form, asked.wanted(), asked.after, upto)
        if not found.more and asked.form == "jsonl":
            end = end_of(connection, asked.wanted(), upto, acting.store.clock(), key, kept)
            found.lines.append(end.encoded().decode())
    return {"lines": found.lines, "after": found.after, "upto": upto, "more": found.more}


@action("audit.accept", Permission.AUDIT_ACCEPT, AcceptBreak, changes=True)
def accept(acting: Acting, asked: AcceptBreak) -> dict[str, Any]:
    """Begins a new stretch of the trail behind a break, which it names; the second sink's file is begun anew."""
    _check_all_teams(acting)
    reason = told(asked.reason, 500).strip()
    if not reason:
        raise UsageError("a break is accepted for a reason", "say it with --reason")
    accepted = accept_break(acting.home, acting.store, acting.open_vault(), acting.second_sink(), reason)
    sealed = seal_trail(acting.home, acting.store, acting.open_vault(), acting.second_sink())
    return _break(accepted) | {"anchor": sealed.kept.anchor.text(), "problems": list(sealed.problems.values())}


def _check_all_teams(acting: Acting) -> None:
    """The trail as a whole is every team's."""
    if acting.actor.team is not None:
        raise NotAllowed(
            f"{acting.actor.id} is of team {acting.actor.team} alone, and the audit trail is of all",
            "`gatewatch audit list` shows what concerns the team",
        )


def _has_vault(acting: Acting) -> bool:
    """Whether one was chosen: none is made to look at the trail."""
    return bool(kind_of(acting.store))


def _known(acting: Acting) -> tuple[AuditKey | None, Kept | None]:
    """What the vault says of the trail. Raises VaultError where it does not open."""
    if not _has_vault(acting):
        return None, None
    vault = acting.open_vault()
    key = find_audit_key(vault)
    return key, None if key is None else AnchorPlace(vault, acting.home.audit_anchor).read(key)


def _given(text: str | None, key: AuditKey | None) -> tuple[Anchor, ...]:
    if text is None:
        return ()
    anchor = Anchor.read(text)
    if key is not None and anchor.key_id == key.id and not anchor.is_genuine(key):
        raise UsageError("this anchor is not as it was made", "give it exactly as it was printed")
    return (anchor,)


def _break(accepted: Accepted) -> dict[str, Any]:
    shown = {name: getattr(accepted, name) for name in ("seq", "actor", "reason")}
    return {**shown, "at": iso(accepted.at), "broken": list(accepted.broken)}


def _told(
    found: list[tuple[str, Verdict]],
    anchor: Anchor | None,
    problems: tuple[str, ...] = (),
    accepted: tuple[Accepted, ...] = (),
) -> dict[str, Any]:
    """The first place that is broken, else the first, and then each of them."""
    path, main = next(((path, verdict) for path, verdict in found if not verdict.ok), found[0])
    return {
        "ok": main.ok,
        "broken": None if main.broken is None else {"path": path, **msgspec.structs.asdict(main.broken)},
        "count": main.count,
        "last": main.last,
        "head": main.head,
        "unsealed": main.unsealed,
        "anchor": anchor.text() if anchor is not None and main.ok else None,
        "not_ruled_out": None,
        "problems": list(problems),
        "accepted": [_break(each) for each in accepted],
        "places": [{"path": path, **msgspec.to_builtins(verdict)} for path, verdict in found],
    }
