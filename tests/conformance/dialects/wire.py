"""Calls to the gateway over plain `http.client`, and a look at what the sandbox got of them."""

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

Json = dict[str, Any]


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Json:
        read: Json = json.loads(self.body)
        return read


class Connection:
    """Kept open to one of our processes."""

    def __init__(self, listen: str) -> None:
        host = urlsplit(listen)
        assert host.hostname
        self._connection = http.client.HTTPConnection(host.hostname, host.port, timeout=30)

    def call(self, method: str, path: str, headers: dict[str, str], body: Json | None = None) -> Reply:
        sent = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, sent, {"content-type": "application/json", **headers})
        got = self._connection.getresponse()
        return Reply(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())

    def close(self) -> None:
        self._connection.close()


class Sighting(NamedTuple):
    """A request as the provider got it."""

    number: int
    target: str
    headers: dict[str, str]
    body: Json


class Sandbox:
    def __init__(self, listen: str) -> None:
        self._connection = Connection(listen)

    def last(self) -> Sighting:
        """The newest request."""
        stats = self._connection.call("GET", "/__sandbox/stats?last=1", {}).json()
        seen = stats["last"][-1]
        return Sighting(seen["number"], seen["target"], seen["headers"], seen["body"])

    def count(self) -> int:
        requests = self._connection.call("GET", "/__sandbox/stats?last=0", {}).json()["requests"]
        assert isinstance(requests, int)
        return requests

    def close(self) -> None:
        self._connection.close()
