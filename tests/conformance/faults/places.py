"""Where the faulty providers are: on sockets that are there before the gateway, so that its file can name them."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from tests.kit.certificates import certificate
from tests.kit.provider_faults import Fault
from tests.kit.provider_voices import VOICES, Voice
from tests.kit.scripted_upstream import Conversation, Script, ScriptedUpstream, scripted_upstream

BACKLOG = 512


class Place(NamedTuple):
    """One provider, for one vendor's words."""

    route: str
    """Of the calls that come here."""
    voice: Voice
    url: str
    listening: socket.socket | None
    """None: there is no server to be."""
    chain: tuple[Path, Path] | None = None
    """Certificate and key of a TLS server."""
    preset: str = ""
    """Whose dialect it speaks; empty: the voice's own."""
    key_count: int = 1

    @property
    def provider(self) -> str:
        return self.route

    @property
    def key_names(self) -> list[str]:
        """Of the files that hold its keys."""
        return [self.provider, *(f"{self.provider}-{number}" for number in range(2, self.key_count + 1))]

    def provider_line(self, keys: Path) -> str:
        """Of `providers:`. `keys`: the folder."""
        files = [f'"file:{keys}/{name}"' for name in self.key_names]
        listed = ", ".join(f"{{name: k{number}, key: {file}}}" for number, file in enumerate(files))
        key = f"api_key: {files[0]}" if self.key_count == 1 else f"api_keys: [{listed}]"
        known = f'preset: {self.preset or self.voice.preset}, base_url: "{self.url}"'
        return f"  {self.provider}: {{{known}, {key}, allow_private: true}}\n"

    def model_line(self, *, alone: bool, more: str = "") -> str:
        """Of `models:`: A, and B behind it."""
        model = self.voice.model
        targets = [f"{self.provider}/{model}", *([] if alone else [f"b-{self.voice.name}/{model}"])]
        return f"  {self.route}: {{targets: [{', '.join(targets)}]{', ' if more else ''}{more}}}\n"

    def context(self) -> ssl.SSLContext | None:
        if self.chain is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.chain)
        return context


class Ground:
    """Makes places, and closes all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trusted = certificate(folder, "elsewhere.example")
        """Of an authority that the gateway trusts, for another name than the providers have."""
        self._untrusted = certificate(folder, "localhost")
        self._sockets: list[socket.socket] = []

    def place(self, kind: str, route: str, voice: Voice, *, bare: bool = False) -> Place:
        """`kind`: a word of `Row.fault`, or `scripted`. `bare`: there is no version in the address."""
        path = "/v1" if voice.name == "openai" and not bare else ""
        if kind == "nameless":
            return Place(route, voice, f"http://no-such-host.invalid:9{path}", None)
        listening = socket.socket()
        self._sockets.append(listening)
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        if kind == "full":
            self._fill(listening)
        elif kind != "refusing":
            listening.listen(BACKLOG)
        serves = None if kind in ("full", "refusing") else listening
        scheme = "https" if kind in ("untrusted", "misnamed", "plain") else "http"
        host = "localhost" if kind == "untrusted" else "127.0.0.1"
        chains = {"untrusted": self._untrusted, "misnamed": self.trusted}
        return Place(route, voice, f"{scheme}://{host}:{port}{path}", serves, chains.get(kind))

    def _fill(self, listening: socket.socket) -> None:
        """Nobody takes what comes, and there is no more room: further connections hang."""
        listening.listen(0)
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
            self._sockets.append(waiting)

    def close(self) -> None:
        for each in self._sockets:
            each.close()


class Walls(dict[str, ScriptedUpstream]):
    """Route → its provider, while it runs."""


@asynccontextmanager
async def raised(places: dict[str, Place], faults: dict[str, Fault]) -> AsyncIterator[Walls]:
    """The providers of these routes, each with its fault."""
    walls = Walls()
    async with AsyncExitStack() as stack:
        for route, fault in faults.items():
            place = places[route]
            if place.listening is None:
                continue
            script = fault(place.voice)
            started = scripted_upstream(script, listening=place.listening, tls=place.context())
            walls[route] = await stack.enter_async_context(started)
        yield walls


def canary(name: str) -> str:
    """A provider's key: nobody but the provider may ever see it."""
    return f"sk-canary-{name}-0123456789"


def listens_only(heard: list[bytes]) -> Fault:
    """A server that does not speak TLS: keeps all that it is sent, and says something in plain HTTP."""

    def fault(voice: Voice) -> Script:
        del voice

        async def script(conversation: Conversation) -> None:
            heard.append(await conversation.some())
            conversation.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            conversation.close()

        return script

    return fault


def by_voice(route: str) -> Voice:
    """Whose SDK calls that route: the last word of its name."""
    return next(voice for voice in VOICES if route.endswith(voice.name))
