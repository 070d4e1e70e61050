"""One cell of the table: the call is really made, what the provider got and what the caller hears is looked at.

What comes out is the verdict. Where a call passes, but what went out or came back is not what the vendors document,
the cell fails.
"""

import json
from typing import Any

from tests.conformance.dialects import replies, told
from tests.conformance.dialects.features import ERRORS, PASSED_ON, STREAM, Feature
from tests.conformance.dialects.heard import Caller, Heard, Json, Streamed, frames_of
from tests.conformance.dialects.pattern import misfit
from tests.conformance.dialects.place import Place, dropping
from tests.conformance.dialects.provider import Provider
from tests.conformance.dialects.verdicts import DROPPED, PASSED, REFUSED, STRAIGHT
from tests.conformance.dialects.wire import Reply

DROPPED_HEADER = "x-gatewatch-dropped-params"


class Cell:
    def __init__(self, place: Place, caller: Caller, provider: Provider, feature: Feature, mode: str) -> None:
        self.place = place
        self.caller = caller
        self.provider = provider
        self.feature = feature
        self.streams = mode == STREAM
        self.model = provider.model_for(feature.id)
        self.is_straight = (caller.id, provider.id) in STRAIGHT

    def verdict(self) -> str:
        """Makes the calls. Raises AssertionError where one passes, and something is not as documented."""
        if self.feature.id in ERRORS:
            replies.check_error(self)
            return PASSED
        asked = self.caller.asks[self.feature.id]
        reply = self.call(asked)
        if reply.status == 400 and b"unsupported_parameter" in reply.body:
            return self._lost(asked, reply)
        self._check_received()
        if self.feature.id in PASSED_ON:
            return PASSED
        heard, reply_body = self.hear(reply)
        replies.check(self, heard, reply)
        if self.feature.id == "round_trip":
            self._go_on(asked, reply_body)
        return PASSED

    def call(self, asked: Json, *, model: str = "", demands: dict[str, Any] | None = None) -> Reply:
        """One call for this cell; `asked` stands over what every request has."""
        body = {"model": model or f"{self.provider.id}/{self.model}", **self.caller.base, **asked}
        if self.streams:
            body["stream"] = True
        elif "stream_options" in body:
            del body["stream_options"]
        wanted = {**self.feature.demands, **self.provider.demanded(self.feature.id)} if demands is None else demands
        headers = {
            f"x-sandbox-{name}": value if isinstance(value, str) else json.dumps(value)
            for name, value in wanted.items()
        }
        return self.place.gateway.call("POST", self.caller.path, self.caller.key_header(self.place.key) | headers, body)

    def hear(self, reply: Reply) -> tuple[Heard, Json]:
        """A good reply, and it as its caller may send it back."""
        assert reply.status == 200, reply.body.decode()
        if not self.streams:
            assert reply.headers["content-type"] == "application/json"
            return self.caller.hear(reply.json()), reply.json()
        assert reply.headers["content-type"].startswith("text/event-stream")
        streamed = self.caller.assemble(frames_of(reply.body))
        heard = self.caller.hear(streamed.reply)
        self._check_deltas(streamed, heard)
        return heard, streamed.reply

    def _check_deltas(self, streamed: Streamed, heard: Heard) -> None:
        """A stream that comes in one piece is none. Google sends the arguments of a call at once."""
        if len(heard.texts[0]) > 20:
            assert streamed.text_deltas > 1
        if heard.thoughts:
            assert streamed.thought_deltas > 1
        if heard.calls:
            assert streamed.argument_deltas >= len(heard.calls) * (2 if self.provider.streams_arguments else 1)

    def _check_received(self) -> None:
        received = self.provider.received
        asked = "thoughts" if self.feature.id == "round_trip" else self.feature.id
        pattern = received.get(asked, received["text"] if self.feature.id in replies.ABOUT_REPLIES else None)
        assert pattern is not None, f"what {self.provider.title} must get for {self.feature.id} is not written down"
        self._check_body(pattern)

    def _check_body(self, pattern: Any) -> None:
        seen = self.place.sandbox.last()
        found = misfit(pattern, seen.body)
        assert not found, f"{self.provider.title} got {found}\n{json.dumps(seen.body, ensure_ascii=False)}"
        assert seen.body.get("model", self.model) == self.model
        assert self.provider.target(self.model, self.streams) == seen.target
        assert "gw1." not in json.dumps(seen.body), "a signature went to another provider than its own"

    def _lost(self, asked: Json, reply: Reply) -> str:
        """The refusal names the parameter; is it dropped where the route says so?"""
        param = self.caller.params.get(self.feature.id, next(iter(asked)))
        self._check_refusal(reply, param)
        reply = self.call(asked, model=dropping(self.provider, self.model))
        if reply.status == 400:
            self._check_refusal(reply, param)
            assert DROPPED_HEADER not in reply.headers
            return REFUSED
        assert param in reply.headers[DROPPED_HEADER].split(", "), reply.headers[DROPPED_HEADER]
        heard, _ = self.hear(reply)
        assert heard.texts[0] or heard.calls
        return DROPPED

    def _check_refusal(self, reply: Reply, param: str) -> None:
        error = self.caller.fault(reply.json())
        assert error.code == "unsupported_parameter"
        assert f"'{param}'" in error.message, error.message
        if self.caller.id != "messages":
            assert error.param == param

    def _go_on(self, asked: Json, reply: Json) -> None:
        """The next turn: what the model said goes back as it came, with a tool's result."""
        answer = self.call(
            {**asked, **self.caller.answers(reply, told.RESULTS[0])}, demands={"text": json.dumps(told.TEXT)}
        )
        self._check_body(self.provider.received["round_trip"])
        heard, _ = self.hear(answer)
        assert heard.texts == [told.TEXT]
