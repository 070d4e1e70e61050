"""The pace of one worker's calls: a lane for each key and model that is in use, turns for models that have a cap.

Keeps true: a call has its turn before it is sent and gives it back when it has ended; it never waits longer than its
priority lets it, over all keys and models together, nor beyond its own deadline; what callers name cannot fill memory.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from gatewatch.call import Call
from proxy.rate_limits import LIMIT_NAMES, rate_limits
from proxy.refusal import Refusal
from proxy.settings import Pacing as Rules
from proxy.settings import Route, Target
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.lane import Lane
from proxy.worker.pacing.lane_state import LaneState
from proxy.worker.pacing.no_turn import Why, no_turn
from proxy.worker.pacing.turns import Turn, Turns, pause

REMEMBERED = 1024
SHOWN = 64
_PATIENT = frozenset({"batch", "deferred"})
Place = tuple[str, str, str]
"""Provider, key, model."""


class Pacing:
    """Of one worker."""

    def __init__(self, rules: Rules, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lanes: dict[Place, Lane] = {}
        self._keys: dict[tuple[str, str], Turns] = {}
        self._routes: dict[str, Turns] = {}
        self._resting = 0
        self.configure(rules)

    def configure(self, rules: Rules) -> None:
        """Other rules: they hold for calls that wait, too."""
        self.rules = rules
        self._workers = max(1, rules.workers)
        self._caps = {(each.provider, each.key, each.model): self._own(each.most) for each in rules.keys}
        self._route_caps = {name: self._own(most) for name, most in rules.routes.items()}
        for (provider, key), turns in self._keys.items():
            self._adjust(turns, self._caps.get((provider, key, "")))
        for name, turns in self._routes.items():
            self._adjust(turns, self._route_caps.get(name))
        for place, lane in self._lanes.items():
            lane.outer, lane.known.sharers = self._outer(place), self._workers
            self._adjust(lane, self._caps.get(place))

    def lane(self, provider: str, key: str, model: str) -> Lane:
        """Of a key with a model."""
        place = provider, key, model
        return self._lanes.get(place) or self._new_lane(place)

    def crowding(self, provider: str, key: str, model: str) -> int:
        """How near a call would be to having to wait: 0 not, 1 near a limit, 2 it would."""
        lane = self._lanes.get((provider, key, model))
        if lane is None:
            return 0
        has_room = lane.has_room and (lane.outer is None or lane.outer.has_room)
        return int(lane.is_near) if has_room else 2

    def headroom(self, provider: str, key: str, model: str) -> float | None:
        """The share of the limits that is left there, 0 to 1, by the one that is used most; None: not known."""
        lane = self._lanes.get((provider, key, model))
        if lane is None:
            return None
        if lane.shut_until and lane.shut_for() > 0:
            return 0.0
        left = [1.0 - lane.known.share(self._monotonic())] if lane.known else []
        for turns in (lane, lane.outer):
            if turns is not None and (most := turns.in_force):
                left.append(max(0.0, 1.0 - turns.running / most))
        return min(left, default=None)

    def turn_at_once(self, provider: str, key: str, model: str, call: Call) -> Turn | None:
        """On the lane of a key with a model, and of the key; None where the call would have to wait."""
        lane = self.lane(provider, key, model)
        turn = lane.begin(call)
        if turn is not None and lane.outer is not None:
            turn.outer = lane.outer.begin(call)
            if turn.outer is None:
                turn.end()
                return None
        return turn

    async def turn(self, lane: Lane, inbound: Inbound, target: Target, due: float, *, is_last: bool) -> Turn:
        """On the lane, and of its key. `due`: loop time of the call's end. `is_last`: there is no other target.

        Raises Refusal where there is none in time, UpstreamFailed where the client leaves or the gateway stops.
        """
        turn = lane.begin(inbound.call) or await self._wait_on(lane, inbound, target, due, is_last=is_last)
        if lane.outer is not None:
            try:
                what = f"the gateway's key at {target.provider}"
                turn.outer = lane.outer.begin(inbound.call) or await self._wait(lane.outer, inbound, what, due)
            except BaseException:
                turn.end()
                raise
        return turn

    async def rest(self, inbound: Inbound, seconds: float, due: float) -> bool:
        """A `batch` call to which a provider said 429 comes again after so many seconds; False: it may not.

        Raises UpstreamFailed where the client leaves or the gateway stops.
        """
        if inbound.call.priority not in _PATIENT or seconds > self.patience(inbound, due):
            return False
        if self._resting >= self.rules.queue:
            return False
        self._resting += 1
        try:
            await pause(inbound, seconds, "limit")
        finally:
            self._resting -= 1
        return True

    async def route_turn(self, route: Route, inbound: Inbound, due: float) -> Turn | None:
        """Of a model that has a cap; None: it has none. Raises as `turn` does."""
        most = self._route_caps.get(route.name)
        if most is None:
            return None
        turns = self._routes.get(route.name)
        if turns is None:
            turns = self._routes[route.name] = self._turns(most)
        return turns.begin(inbound.call) or await self._wait(turns, inbound, f"the model {route.name!r}", due)

    def served(self, turn: Turn, headers: Mapping[bytes, bytes]) -> None:
        """The head of a good reply has come to the call that has this turn of a lane."""
        lane = turn.turns
        assert isinstance(lane, Lane)
        if (turn.began >= lane.listens_from or lane.known.is_short) and not LIMIT_NAMES.isdisjoint(headers):
            self._learn(lane, turn, headers)
        if lane.shut_until:
            lane.served(turn)

    def refused(self, turn: Turn, headers: Mapping[bytes, bytes], wait: float | None, *, is_limited: bool) -> None:
        """An error came instead. `is_limited`: it is a 429, which may say in how many seconds to come again."""
        lane = turn.turns
        assert isinstance(lane, Lane)
        self._learn(lane, turn, headers)
        if is_limited:
            lane.limited(wait)

    def tick(self) -> None:
        """To be called about once a second."""
        for lane in self._lanes.values():
            if lane.line or lane.ceiling.most is not None:
                lane.tick()

    def states(self) -> list[LaneState]:
        """Of those lanes that there is something to be told of, the busiest first."""
        told = [
            (place, lane) for place, lane in self._lanes.items() if not lane.is_idle or lane.known or lane.shut_until
        ]
        told.sort(key=lambda each: (len(each[1].line), each[1].running), reverse=True)
        now = self._monotonic()
        return [
            LaneState(
                provider=place[0],
                key=place[1],
                model=place[2],
                running=lane.running,
                waiting=len(lane.line),
                most=lane.in_force,
                used_percent=round(lane.known.share(now) * 100),
                shut_seconds=round(lane.shut_for(), 3),
                limits=lane.known.standings(now),
            )
            for place, lane in told[:SHOWN]
        ]

    def _learn(self, lane: Lane, turn: Turn, headers: Mapping[bytes, bytes]) -> None:
        if self.rules.from_headers and (said := rate_limits(headers, time.time())):
            lane.learn(said, turn)

    async def _wait_on(self, lane: Lane, inbound: Inbound, target: Target, due: float, *, is_last: bool) -> Turn:
        shut_for, may_wait = lane.shut_for(), self.patience(inbound, due)
        what = f"the gateway's key at {target.provider}"
        if shut_for > 0 and (shut_for > may_wait or not is_last):
            if is_last and (turn := lane.begin_alone(inbound.call)):
                return turn
            raise self._refusal("shut", lane, what)
        return await self._wait(lane, inbound, what, due)

    async def _wait(self, turns: Turns, inbound: Inbound, what: str, due: float) -> Turn:
        outcome = await turns.wait(inbound, self.patience(inbound, due))
        if isinstance(outcome, Turn):
            return outcome
        raise self._refusal(outcome, turns, what)

    def patience(self, inbound: Inbound, due: float) -> float:
        """Seconds that the call may still wait for turns. `due`: loop time of its end."""
        call = inbound.call
        longest = self.rules.batch_wait if call.priority in _PATIENT else self.rules.wait
        return min(longest - call.queued_us / 1e6, due - asyncio.get_running_loop().time())

    def _refusal(self, why: Why, turns: Turns, what: str) -> Refusal:
        most = "any" if turns.in_force is None else turns.in_force
        reason = f"{turns.running} running, {most} at most, {len(turns.line)} waiting, {turns.line.longest} at most"
        return no_turn(why, what, turns.again_in(), reason)

    def _outer(self, place: Place) -> Turns | None:
        provider, key, _ = place
        most = self._caps.get((provider, key, ""))
        if most is None:
            return None
        found = self._keys.get((provider, key))
        if found is None:
            found = self._keys[provider, key] = self._turns(most)
        return found

    def _turns(self, most: int) -> Turns:
        return Turns(most, self.rules.queue, self._monotonic)

    def _new_lane(self, place: Place) -> Lane:
        if len(self._lanes) >= REMEMBERED:
            self._lanes = {known: lane for known, lane in self._lanes.items() if not lane.is_idle}
        most, outer = self._caps.get(place), self._outer(place)
        lane = self._lanes[place] = Lane(most, self.rules.queue, outer, self._workers, self._monotonic)
        return lane

    def _own(self, most: int) -> int:
        """This worker's share of a cap."""
        return max(1, most // self._workers)

    def _adjust(self, turns: Turns, most: int | None) -> None:
        turns.most, turns.line.longest = most, self.rules.queue
        turns.look()
