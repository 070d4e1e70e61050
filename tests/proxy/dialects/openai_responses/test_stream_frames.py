"""Frames of a stream: numbered, named twice, one line of data."""

import json

from hypothesis import given
from hypothesis import strategies as st

from proxy.dialects.openai_responses.stream_frames import Frames, delta_head


def test_events_are_numbered_in_their_order() -> None:
    frames = Frames()
    head = delta_head("response.output_text.delta", item_id="msg_1", output_index=0)
    said = frames.event("response.created", response=None) + frames.delta(head, "a")
    said += frames.delta_with(head, "b", "logprobs", []) + frames.event("response.completed")
    events = [json.loads(frame.partition("data: ")[2]) for frame in said.decode().split("\n\n")[:-1]]
    assert [event["sequence_number"] for event in events] == [0, 1, 2, 3]
    assert events[1] == {
        "type": "response.output_text.delta",
        "item_id": "msg_1",
        "output_index": 0,
        "delta": "a",
        "sequence_number": 1,
    }
    assert events[2]["logprobs"] == []
    assert said.startswith(b"event: response.created\ndata: {")


@given(st.text(), st.text())
def test_no_text_breaks_a_frame(id: str, text: str) -> None:
    frame = Frames().delta(delta_head("x.delta", item_id=id), text).decode()
    name, data, *rest = frame.split("\n")
    assert (name, rest) == ("event: x.delta", ["", ""])
    assert json.loads(data.removeprefix("data: ")) == {
        "type": "x.delta",
        "item_id": id,
        "delta": text,
        "sequence_number": 0,
    }
