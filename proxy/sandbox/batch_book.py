"""The batches that the sandbox was handed, and what became of their requests. Both vendors' forms are told from this.

A batch is done after so many seconds; its requests are answered as if each had been sent alone. A model that begins
with `batch-expires` is never come to, and one that begins with `batch-fails` fails the batch where its vendor looks
first.
"""

import secrets
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from proxy.sandbox.api_error import ApiError

EXPIRES, FAILS = "batch-expires", "batch-fails"
MOST = 1000
"""Files, and batches: the oldest are forgotten."""

Line = Callable[[str, bytes], tuple[int, bytes]]
"""Path and body of one request → status and body of its reply."""
Kind = Literal["openai", "anthropic"]
Outcome = Literal["answered", "expired", "cancelled"]


class Request(msgspec.Struct):
    """One of a batch."""

    custom_id: str
    path: str
    body: bytes
    model: str


class Batch(msgspec.Struct, kw_only=True):
    """One batch."""

    id: str
    kind: Kind
    requests: list[Request]
    created: float
    """Unix time."""
    seconds: float
    endpoint: str = ""
    file: str = ""
    metadata: dict[str, str] | None = None
    cancelled: float | None = None
    failed: str | None = None
    """Why, where it was not even begun."""
    results: list[tuple[Request, Outcome, int, bytes]] | None = None
    """Once it is over."""
    output_file: str | None = None
    error_file: str | None = None

    @property
    def is_over(self) -> bool:
        return self.results is not None

    @property
    def has_expired(self) -> bool:
        return self.results is not None and any(outcome == "expired" for _, outcome, _, _ in self.results)


class BatchBook:
    """All of them."""

    def __init__(self, seconds: float, line: Line) -> None:
        """`seconds`: until a batch is done that says nothing of it."""
        self.seconds = seconds
        self.files: dict[str, tuple[str, bytes]] = {}
        """Id → name and content."""
        self._batches: dict[str, Batch] = {}
        self._line = line

    def keep_file(self, name: str, content: bytes) -> str:
        id = f"file-{secrets.token_hex(12)}"
        self.files[id] = (name, content)
        while len(self.files) > MOST:
            del self.files[next(iter(self.files))]
        return id

    def make(self, kind: Kind, requests: list[Request], seconds: str | None, prefix: str) -> Batch:
        """A new batch. `seconds`: as a header says it. Raises ApiError."""
        try:
            wait = self.seconds if seconds is None else float(seconds)
        except ValueError:
            raise ApiError(400, "x-sandbox-batch-seconds: a number of seconds", code="invalid_value") from None
        id = f"{prefix}{secrets.token_hex(12)}"
        batch = Batch(id=id, kind=kind, requests=requests, created=time.time(), seconds=wait)
        self._batches[id] = batch
        while len(self._batches) > MOST:
            del self._batches[next(iter(self._batches))]
        return batch

    def find(self, id: str, kind: Kind) -> Batch | None:
        """As it is now."""
        batch = self._batches.get(id)
        if batch is None or batch.kind != kind:
            return None
        if not batch.is_over and batch.failed is None:
            self._go_on(batch)
        return batch

    def forget(self, batch: Batch) -> None:
        self._batches.pop(batch.id, None)

    def _go_on(self, batch: Batch) -> None:
        now = time.time()
        is_done = now >= batch.created + batch.seconds
        if batch.cancelled is None and not is_done:
            return
        was_cancelled = batch.cancelled is not None and batch.cancelled < batch.created + batch.seconds
        batch.results = [(each, *self._outcome(each, was_cancelled=was_cancelled)) for each in batch.requests]

    def _outcome(self, request: Request, *, was_cancelled: bool) -> tuple[Outcome, int, bytes]:
        if was_cancelled:
            return "cancelled", 0, b""
        if request.model.startswith(EXPIRES):
            return "expired", 0, b""
        return "answered", *self._line(request.path, request.body)
