"""Replies that are to be kept do not fill a worker's memory."""

from proxy.worker.bodies.kept import MOST_FRAMES, Held, KeptReply


def test_what_goes_out_is_held_until_it_is_let_go() -> None:
    held = Held()
    reply = KeptReply(held)
    reply.add(b"abc")
    reply.add(b"de")
    assert (reply.frames, reply.size, held.bytes, reply.cut) == ([b"abc", b"de"], 5, 5, False)
    reply.let_go()
    assert (reply.frames, held.bytes) == ([], 0)
    reply.let_go()
    assert held.bytes == 0


def test_all_calls_together_hold_no_more_than_they_may() -> None:
    held = Held(most=10)
    first, second = KeptReply(held), KeptReply(held)
    first.add(b"1234567")
    second.add(b"12345")
    assert (second.frames, second.size, second.cut, held.bytes) == ([], 5, True, 7)
    first.let_go()
    second.add(b"6")
    assert second.frames == []  # with a gap in it, it would be no reply
    assert KeptReply(held).cut is False


def test_one_reply_is_held_up_to_its_bound() -> None:
    reply = KeptReply(Held())
    reply.add(bytes(MOST_FRAMES - 1))
    reply.add(b"12")
    assert (len(reply.frames), reply.cut, reply.size) == (1, True, MOST_FRAMES + 1)
