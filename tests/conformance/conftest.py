"""A sandbox and a gateway in front of it, both as processes, one pair for each process of xdist."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.openai_driver import Place
from tests.conformance.sdk import providers
from tests.kit.forgiving import FORGIVING
from tests.kit.running import Gateway, Running, gateway, sandbox

pytest.register_assert_rewrite("tests.conformance.dialects")

CONFIG = """\
vault: file
providers:
  sandbox: {{dialect: openai-chat, base_url: "{sandbox}/v1", api_key: "file:{key}", allow_private: true}}
  gone: {{dialect: openai-chat, base_url: "http://127.0.0.1:{closed}/v1", api_key: none, allow_private: true}}
models:
  chat: {{targets: [sandbox/gpt-4o-mini]}}
  fallback: {{targets: [sandbox/fault-503, sandbox/gpt-4o-mini]}}
  twice: {{targets: [sandbox/fault-500, sandbox/fault-502-html]}}
  nowhere: {{targets: [gone/gpt-4o-mini]}}
  impatient: {{targets: [sandbox/fault-slow-first-byte], deadlines: {{first_byte: 200ms}}}}
  stalling: {{targets: [sandbox/fault-stall], deadlines: {{idle: 200ms}}}}
caps: {{body: 64KiB, held_reply: 64KiB, reply: 1MiB, sse_line: 1MiB}}
"""

PROVIDER_KEY = "sk-canary-of-the-provider-0123456789"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("conformance")


@pytest.fixture(scope="session")
def provider(folder: Path) -> Iterator[Running]:
    with sandbox(folder) as running:
        yield running


@pytest.fixture(scope="session")
def served(folder: Path, provider: Running) -> Iterator[Gateway]:
    key = folder / "provider.key"
    key.write_text(PROVIDER_KEY)
    key.chmod(0o600)
    with socket.socket() as nobody:  # bound, but it does not listen
        nobody.bind(("127.0.0.1", 0))
        closed = nobody.getsockname()[1]
        config = CONFIG.format(sandbox=provider.listen, key=key, closed=closed)
        with gateway(folder, config, module=FORGIVING) as running:
            yield running


@pytest.fixture(scope="session")
def every_dialect(tmp_path_factory: pytest.TempPathFactory, provider: Running) -> Iterator[Gateway]:
    """A gateway to the same sandbox as a provider of every dialect."""
    home = tmp_path_factory.mktemp("dialects")
    key = home / "provider.key"
    key.write_text(PROVIDER_KEY)
    key.chmod(0o600)
    with gateway(home, providers.config(provider.listen, str(key)), module=FORGIVING) as running:
        yield running


@pytest.fixture(scope="session")
def place(served: Gateway) -> Place:
    return Place(served.base_url, served.key("app"), served.key("limited", "--models", "chat"))
