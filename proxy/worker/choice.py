"""Where and how one try goes."""

from gatewatch.redact import redact
from proxy.settings import Target
from proxy.worker.channel import Channel
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.turns import Turn
from proxy.worker.passage import Passage
from proxy.worker.quarantine import KeyTry


class Choice:
    """One target with one key, a turn there, and the request in its words."""

    __slots__ = ("channel", "passage", "target", "turn", "use")

    def __init__(self, target: Target, channel: Channel, passage: Passage, use: KeyTry, turn: Turn | None) -> None:
        self.target = target
        self.channel = channel
        self.passage = passage
        self.use = use
        self.turn = turn

    def take(self, inbound: Inbound) -> None:
        """The call goes there: its row says so."""
        call = inbound.call
        call.provider, call.model, call.dialect = self.target.provider, self.target.model, self.channel.dialect.name
        call.provider_key = self.channel.key.id
        dropped = self.passage.dropped
        call.dropped_params = [redact(name) for name in dropped] if dropped else []
        inbound.channel, inbound.passage = self.channel, self.passage

    def end(self) -> None:
        """Give back the turn and the key, however the try went. May be called twice."""
        self.use.end()
        if self.turn is not None:
            self.turn.end()
            self.turn = None
