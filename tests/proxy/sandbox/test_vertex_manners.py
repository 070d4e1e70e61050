import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.exchange import Request
from proxy.sandbox.vertex_manners import VERTEX


def asked(authorization: bytes) -> Request:
    request = Request()
    request.headers = [(b"authorization", authorization)] if authorization else []
    return request


def test_any_token_will_do_but_a_bad_one() -> None:
    VERTEX.check_key(asked(b"Bearer ya29.x"))
    for given in (b"", b"Bearer ", b"Basic eA==", b"Bearer bad-token"):
        with pytest.raises(ApiError) as caught:
            VERTEX.check_key(asked(given))
        assert caught.value.status == 401
