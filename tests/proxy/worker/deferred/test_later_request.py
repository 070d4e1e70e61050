"""What a call is answered whose client is gone is kept, in whatever way it is answered."""

from proxy.worker.deferred.later_request import LaterRequest


def made() -> LaterRequest:
    return LaterRequest("/v1/chat/completions", {"x-gatewatch-tags": "ä"})


def test_it_has_the_headers_that_it_came_with() -> None:
    request = made()
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers == {b"x-gatewatch-tags": b"\xe4"}
    assert request.source == ""
    assert request.whole


def test_a_whole_answer() -> None:
    request = made()
    request.reply(200, [(b"a", b"b")], b"{}")
    assert (request.status, request.reply_headers, request.reply_body) == (200, [(b"a", b"b")], b"{}")
    assert (request.answered, request.was_cut) == (True, False)


async def test_an_answer_in_parts() -> None:
    request = made()
    await request.start(200, [])
    await request.write(b"one ")
    await request.write(b"two ")
    request.finish(b"three")
    assert (request.reply_body, request.answered) == (b"one two three", True)


async def test_an_answer_that_broke_off_is_known_as_one() -> None:
    request = made()
    await request.start(200, [])
    await request.write(b"one ")
    request.cut()
    assert (request.was_cut, request.answered) == (True, True)
