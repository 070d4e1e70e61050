"""The official SDKs, by generation and language, and what each of them does in its own way.

`.venv/extras` is filled by `make extras`, and told to the tests by variables (`make test` sets them).
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Literal, NamedTuple

FOLDER = Path(__file__).parent

Api = Literal["chat", "responses", "messages"]
DRIVERS: dict[Api, str] = {"chat": "openai_chat", "responses": "openai_responses", "messages": "anthropic_messages"}


class Sdk(NamedTuple):
    """One generation of one SDK."""

    name: str
    version: str
    """How its version begins."""
    interpreter: str
    """Empty where it is not installed."""
    apis: tuple[Api, ...]
    unavailable: str = "InternalServerError"
    """Its class for an overload: 503, or Anthropic's 529."""
    broken_class: str = "APIError"
    """Its class for an error that ends a stream."""
    broken_status: int | None = None
    """The status of that one, where its class has a status."""
    joins_thoughts: bool = True
    """Whether its stream helper joins the deltas of fields that it does not know, as `reasoning_content` is."""
    two_clients: bool = True
    """Whether it has an asynchronous one beside the other."""

    def command(self, api: Api) -> list[str]:
        """To be run in the repository's root."""
        if self.interpreter.endswith("node"):
            return [self.interpreter, str(FOLDER / f"{DRIVERS[api]}.mjs")]
        return [self.interpreter, "-m", f"tests.conformance.sdk.{DRIVERS[api]}"]


_NODE = (shutil.which("node") or "") if os.environ.get("GATEWATCH_NODE_MODULES") else ""

SDKS = (
    Sdk("openai-python-3", "3.", sys.executable, ("chat", "responses")),
    Sdk("openai-python-1", "1.", os.environ.get("GATEWATCH_OPENAI1_PYTHON", ""), ("chat", "responses")),
    Sdk("openai-node-7", "7.", _NODE, ("chat", "responses"), joins_thoughts=False, two_clients=False),
    Sdk(
        "anthropic-python-2",
        "2.",
        sys.executable,
        ("messages",),
        unavailable="OverloadedError",
        broken_class="APIStatusError",
        broken_status=200,
    ),
    Sdk(
        "anthropic-python-0",
        "0.",
        os.environ.get("GATEWATCH_ANTHROPIC0_PYTHON", ""),
        ("messages",),
        unavailable="OverloadedError",
        broken_class="APIStatusError",
        broken_status=200,
    ),
    Sdk("anthropic-node-1", "1.", _NODE, ("messages",), unavailable="OverloadedError", two_clients=False),
)
