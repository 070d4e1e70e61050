"""A failure says what happened and whether the upstream may have acted on it."""

from proxy.upstream.failure import UpstreamFailed


def test_without_a_word_on_it_the_request_counts_as_sent() -> None:
    """Who forgets to say so gets the answer that buys nothing twice."""
    assert UpstreamFailed("upstream_timeout", "m").sent is True
    assert UpstreamFailed("upstream_timeout", "m", sent=False).sent is False


def test_its_message_is_its_text() -> None:
    assert str(UpstreamFailed("upstream_tls", "TLS failed")) == "TLS failed"
