"""What fires and what is watched: listed, acknowledged, silenced; what alerts have put in force, lifted."""

from uuid import uuid4

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.alerts.amount import WHOLE, Unit
from gatewatch.alerts.pattern import matches, means
from gatewatch.alerts.silence import Silence
from gatewatch.authority.permissions import Permission
from gatewatch.control.alerts import AlertRow, Alerts
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys.secret_shapes import is_known_secret, shown
from gatewatch.timespan import iso, parse_duration

MOST_TEXT = 500


class ListAlerts(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    all: bool = False
    """With those that are over."""


class ListWatched(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    pass


class ShowAlert(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    """ALERT|SUBJECT, or ALERT where only one of it fires."""


class Acknowledge(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    """A pattern: ALERT|SUBJECT or ALERT, with * for anything."""
    note: str | None = None
    resume: bool = False
    """Whether what they have put in force is lifted too, paused keys included."""


class SilenceAlerts(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    """A pattern."""
    span: str
    """`2h`."""
    reason: str


class Unsilence(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    """The id of a silence, or its pattern."""


@action("alerts.list", Permission.ALERTS_VIEW, ListAlerts, changes=False)
def listed(acting: Acting, asked: ListAlerts) -> list[dict[str, object]]:
    """What fires, longest first, and what is over but has something in force; `all`: the rest too, newest first."""
    book = Alerts(acting.store)
    silences = book.silences()
    return [view(row, silences) for row in book.rows() if asked.all or row.fires or row.actions]


@action("alerts.show", Permission.ALERTS_VIEW, ShowAlert, changes=False)
def show(acting: Acting, asked: ShowAlert) -> dict[str, object]:
    """One of them. Raises NotFound, UsageError where several are meant."""
    book = Alerts(acting.store)
    rows = book.rows()
    exact = [row for row in rows if row.id == asked.name]
    found = exact or [row for row in rows if row.alert == asked.name and (row.fires or row.actions)]
    if len(found) > 1:
        raise UsageError(f"{shown(asked.name)} fires for {len(found)} subjects", "name one: ALERT|SUBJECT")
    if not found:
        raise _not_there(asked.name)
    return view(found[0], book.silences())


@action("alerts.watched", Permission.ALERTS_VIEW, ListWatched, changes=False)
def watched(acting: Acting, _: ListWatched) -> list[dict[str, object]]:
    """Every alert that is watched for, by the configuration, with those that are built in. Raises ConfigError."""
    from gatewatch.config.alert_rules import alerts_of, told
    from gatewatch.config.models import Config

    return [told(alert) for alert in alerts_of(acting.configuration() or Config())]


@action("alerts.ack", Permission.ALERTS_MANAGE, Acknowledge, changes=True)
def acknowledge(acting: Acting, asked: Acknowledge) -> list[dict[str, object]]:
    """Those that were acknowledged. Raises NotFound where none is meant, or none has anything to be acknowledged."""
    book = Alerts(acting.store)
    note = None if asked.note is None else _text(asked.note, "a note")
    done = [
        row
        for each in book.rows()
        if means(asked.name, each.id) and (row := book.acknowledge(each.id, note, resume=asked.resume))
    ]
    if not done:
        raise _not_there(asked.name, [row for row in book.rows() if row.actions and means(asked.name, row.id)])
    if acting.gateway:
        acting.gateway.alerts_changed()
    return [view(row, book.silences()) for row in done]


@action("alerts.silence", Permission.ALERTS_MANAGE, SilenceAlerts, changes=True)
def silence(acting: Acting, asked: SilenceAlerts) -> dict[str, object]:
    """Nobody is told of them until then; they act all the same. Raises UsageError."""
    try:
        span = parse_duration(asked.span)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not span:
        raise UsageError("A silence lasts longer than nothing.", "as in --for 2h")
    now = acting.store.clock()
    made = Silence(
        id=uuid4().hex[:8],
        pattern=_text(asked.name, "a pattern"),
        until=now + span,
        reason=_text(asked.reason, "a reason"),
        created_at=now,
        created_by=acting.actor.id,
    )
    Alerts(acting.store).silence(made)
    if acting.gateway:
        acting.gateway.alerts_changed()
    return silence_view(made) | _covered(acting, made)


@action("alerts.silences", Permission.ALERTS_VIEW, ListWatched, changes=False)
def silences(acting: Acting, _: ListWatched) -> list[dict[str, object]]:
    """Those that are not over, the next to end first."""
    return [silence_view(each) for each in Alerts(acting.store).silences()]


@action("alerts.unsilence", Permission.ALERTS_MANAGE, Unsilence, changes=True)
def unsilence(acting: Acting, asked: Unsilence) -> list[dict[str, object]]:
    """What was ended. Raises NotFound."""
    book = Alerts(acting.store)
    meant = [each for each in book.silences() if asked.name in (each.id, each.pattern)]
    ended = [each for each in meant if book.unsilence(each.id)]
    if not ended:
        raise NotFound(f"there is no silence {shown(asked.name)}", "`gatewatch alerts silences` lists them")
    if acting.gateway:
        acting.gateway.alerts_changed()
    return [silence_view(each) for each in ended]


def view(row: AlertRow, standing: list[Silence]) -> dict[str, object]:
    """As every face shows it: times in ISO 8601 UTC; `silenced_until` is null where somebody is told; `lift` is the
    command that lifts what it has put in force; `measured` and `bound` are numbers: shares and multiples of one,
    seconds, or how many."""
    until = max((each.until for each in standing if each.covers(row.id)), default=None)
    return msgspec.structs.asdict(row) | {
        "measured": None if row.measured is None else _number(row.unit, row.measured),
        "bound": _number(row.unit, row.bound),
        "unit": "seconds" if row.unit == "time" else row.unit,
        "told": list(row.told),
        "since": iso(row.since),
        "changed_at": iso(row.changed_at),
        "actions": [str(each) for each in row.actions],
        "lift": row.lift,
        "silenced_until": None if until is None else iso(until),
    }


def _number(unit: Unit, amount: int) -> int | float:
    return amount if unit == "count" else amount / WHOLE


def _covered(acting: Acting, silence: Silence) -> dict[str, object]:
    """What it is about, as things are; a pattern that fits nothing is allowed, for it may fit later, but said."""
    from gatewatch.config.alert_rules import alerts_of
    from gatewatch.config.models import Config

    watched = [alert.name for alert in alerts_of(acting.configuration() or Config())]
    fires = [row.id for row in Alerts(acting.store).rows() if row.fires and silence.covers(row.id)]
    named = [name for name in watched if matches(silence.pattern.partition("|")[0], name)]
    fits = fires or named or silence.pattern.startswith("*")
    warning = None if fits else f"nothing that fires or is watched is called so; watched are {', '.join(watched)}"
    return {"fires_now": fires, "warning": warning}


def silence_view(silence: Silence) -> dict[str, object]:
    """As every face shows it."""
    fields = msgspec.structs.asdict(silence)
    return fields | {"until": iso(silence.until), "created_at": iso(silence.created_at)}


def _text(text: str, what: str) -> str:
    if not text.strip() or len(text) > MOST_TEXT or is_known_secret(text):
        raise UsageError(f"that is no {what.partition(' ')[2]}", f"{what} of 1 to {MOST_TEXT} characters")
    return text.strip()


def _not_there(name: str, held: list[AlertRow] | None = None) -> NotFound:
    if held:
        return NotFound(
            f"{shown(name)} is over, but {', '.join(map(str, held[0].actions))} is still in force",
            f"`{held[0].lift}` lifts it",
        )
    return NotFound(f"no alert {shown(name)} fires", "`gatewatch alerts list` shows those that do")
