"""The control API: what consoles and commands ask. JSON over HTTP, on a unix socket and, where configured, over TLS.

Keeps true: deny by default. Who asks is recognised first, then the route looked up in the one table, then permission
and reach are asked for, all of it before a byte of the body is looked at. Queries are named and parameterised, no SQL
crosses; slow ones block nobody else's, and no change.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from gatewatch.actions.acting import not_permitted
from gatewatch.actions.registry import actions
from gatewatch.authority.actor import Actor
from gatewatch.errors import GatewatchError, NotAllowed, NotFound, UsageError
from gatewatch.keys.secret_shapes import shown
from proxy.control.lanes import RETRY_SECONDS, Busy, Lane, Lanes
from proxy.control.live_view import live_for
from proxy.control.metrics.metrics import Metrics
from proxy.control.routes import ACTION, CHECK, LIVE, METRICS, QUERY, SNAPSHOT, Reach, Route, route_of
from proxy.control.turned_away import TurnedAway
from proxy.http_server.request import ClientLeft, Headers, Request
from proxy.refusal import Refusal

if TYPE_CHECKING:
    from gatewatch.ledger.answer import Answer
    from gatewatch.ledger.service import LedgerService

BODY_BYTES = 1024 * 1024

Recognise = Callable[[Request], Actor]
"""Raises TurnedAway."""


class Doings(Protocol):
    """What the API hands on. Called in threads."""

    def perform(self, actor: Actor, name: str, asked: object) -> Any:
        """An action. Raises GatewatchError; refusals are in the audit trail then."""

    def denied(self, actor: Actor, action: str, target: str, reason: str, *, changes: bool) -> None:
        """Notes that somebody was refused something else."""


class Text(NamedTuple):
    """An answer that is no JSON."""

    content_type: str
    body: bytes


class ControlApi:
    """The application of one way in: `recognise` says who comes by it, `here` whether from this machine."""

    def __init__(
        self,
        service: "LedgerService",
        live: Callable[[], dict[str, Any]],
        doings: Doings,
        metrics: Metrics,
        recognise: Recognise,
        *,
        here: bool = True,
    ) -> None:
        self._service = service
        self._live = live
        self._doings = doings
        self._metrics = metrics
        self._recognise = recognise
        self._here = here
        self._lanes = Lanes()

    async def __call__(self, request: Request) -> None:
        headers: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        try:
            if request.refusal:
                raise request.refusal
            actor = await self._recognised(request)
            headers.append((b"x-gatewatch-request-id", (actor.request_id or "-").encode()))
            status, answer = 200, await self._answer(actor, request)
        except GatewatchError as error:
            status = {2: 400, 3: 404, 4: 403}.get(error.exit_code, 503)
            if isinstance(error, TurnedAway):
                status = error.status
                if status == 401:
                    headers.append((b"www-authenticate", b"Bearer"))
                if error.retry_after:
                    headers.append((b"retry-after", str(error.retry_after).encode()))
            elif isinstance(error, Busy):
                status = 429
                headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
            answer = {"error": {"title": error.title, "next_step": error.next_step, "exit_code": error.exit_code}}
        except Refusal as refusal:
            status = refusal.status
            answer = {"error": {"title": refusal.message, "next_step": "", "exit_code": 1}}
        except ClientLeft:
            return
        if isinstance(answer, Text):
            kind = (b"content-type", answer.content_type.encode())
            request.reply(status, [kind, *headers[1:]], answer.body)
        else:
            request.reply(status, headers, msgspec.json.encode(answer))

    async def _recognised(self, request: Request) -> Actor:
        """Raises TurnedAway, having noted who was."""
        try:
            return self._recognise(request)
        except TurnedAway as away:
            if away.actor is not None:
                found = route_of(request.method, request.path)
                target = found[0].path if found else "-"
                await self._note(away.actor, "control.enter", target, away.reason, changes=True)
            raise

    async def _answer(self, actor: Actor, request: Request) -> object:
        """Raises GatewatchError, Refusal, ClientLeft."""
        found = route_of(request.method, request.path)
        if found is None:
            raise NotFound(
                f"The control API has no {request.method} {request.path}.", "Is the console of another version?"
            )
        route, name = found
        if (refused := self._objection(actor, route)) is not None:
            await self._note(actor, route.name, shown(name) if name else "-", refused.title, changes=route.changes)
            raise refused
        body = await request.body(BODY_BYTES)
        if route is LIVE:
            return live_for(actor, self._live())
        if route is METRICS:
            return Text(*await self._metrics.exposed(request.headers.get(b"accept", b"").decode("latin-1")))
        asked = _object(body)
        if route is ACTION:
            return await self._lane_of(name).run(actor.id, self._doings.perform, actor, name, asked)
        looks = self._lanes.looks
        if route is QUERY:
            return await looks.run(actor.id, self._ask, actor, name, asked)
        if route is SNAPSHOT:
            path = await looks.run(actor.id, self._service.snapshot, _absolute(asked.get("path")))
            return {"path": str(path)}
        assert route is CHECK
        return await looks.run(actor.id, self._service.check)

    def _lane_of(self, action: str) -> Lane:
        changes = action in actions() and actions()[action].changes
        return self._lanes.changes if changes else self._lanes.looks

    def _objection(self, actor: Actor, route: Route) -> NotAllowed | None:
        """Why the actor may not take this route. An action's own permission is asked for where it is performed."""
        if route.permission is not None and not actor.may(route.permission):
            return not_permitted(actor, route.permission)
        if route.reach is not Reach.TEAM and actor.team is not None:
            return NotAllowed(
                f"{actor.id} is of team {actor.team} alone, and this is about all teams", "ask with a key of all teams"
            )
        if route.reach is Reach.HERE and not self._here:
            return NotAllowed("This writes a file of the gateway's machine.", "Do it there.")
        return None

    def _ask(self, actor: Actor, query: str, params: dict[str, Any]) -> "Answer":
        if actor.team is not None:
            return self._service.ask_within(actor.team, query, **params)
        return self._service.ask(query, **params)

    async def _note(self, actor: Actor, action: str, target: str, reason: str, *, changes: bool) -> None:
        note = partial(self._doings.denied, actor, action, target, reason, changes=changes)
        await self._lanes.notes.run(actor.id, note)

    def close(self) -> None:
        """Begin nothing more."""
        self._lanes.close()


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"The request is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("The request is not a JSON object.")
    return value


def _absolute(path: object) -> Path:
    if not isinstance(path, str) or not Path(path).is_absolute() or "\0" in path:
        raise UsageError("A snapshot needs an absolute path.")
    return Path(path)
