"""What becomes of batches, whatever their vendor."""

import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.batch_book import MOST, BatchBook, Request

NOW = "0"
NEVER = "3600"


def line(path: str, body: bytes) -> tuple[int, bytes]:
    return 200, b"reply to " + body + b" of " + path.encode()


@pytest.fixture
def book() -> BatchBook:
    return BatchBook(3600.0, line)


def requests(*models: str) -> list[Request]:
    return [Request(f"c{n}", "/v1/x", b"{}", model) for n, model in enumerate(models)]


def test_each_request_is_answered_once_the_time_has_come(book: BatchBook) -> None:
    made = book.make("openai", requests("a", "batch-expires"), NOW, "batch_")
    found = book.find(made.id, "openai")
    assert found is made
    assert [(outcome, status) for _, outcome, status, _ in made.results or ()] == [("answered", 200), ("expired", 0)]
    assert (made.results or [])[0][3] == b"reply to {} of /v1/x"


def test_before_its_time_there_is_nothing(book: BatchBook) -> None:
    made = book.make("openai", requests("a"), NEVER, "batch_")
    assert not book.find(made.id, "openai").is_over  # type: ignore[union-attr]
    unsaid = book.make("openai", requests("a"), None, "batch_")
    assert unsaid.seconds == 3600.0


def test_what_is_cancelled_is_over(book: BatchBook) -> None:
    made = book.make("anthropic", requests("a"), NEVER, "msgbatch_")
    made.cancelled = made.created
    book.find(made.id, "anthropic")
    assert [outcome for _, outcome, _, _ in made.results or ()] == ["cancelled"]


def test_a_batch_is_its_vendors(book: BatchBook) -> None:
    made = book.make("anthropic", requests("a"), NOW, "msgbatch_")
    assert book.find(made.id, "openai") is None
    assert book.find("nobody", "anthropic") is None


def test_the_oldest_are_forgotten(book: BatchBook) -> None:
    first = book.make("openai", [], NOW, "batch_")
    file = book.keep_file("a", b"")
    for _ in range(MOST):
        book.make("openai", [], NOW, "batch_")
        book.keep_file("b", b"")
    assert book.find(first.id, "openai") is None
    assert file not in book.files


def test_a_time_that_is_none_is_refused(book: BatchBook) -> None:
    with pytest.raises(ApiError):
        book.make("openai", [], "soon", "batch_")
