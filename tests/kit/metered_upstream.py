"""A provider that really limits: a bucket that refills evenly, a 429 for whoever finds it empty, and headers that say
what is left, as OpenAI's do."""

import time

from tests.kit.scripted_upstream import Conversation, chat_reply, http

LIMITED = b'{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}'


class Metered:
    """So many requests in so many seconds. Counts what it served, and what it refused."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._rate = most / seconds
        self._level = float(most)
        self._at = time.monotonic()
        self.served = 0
        self.refused = 0

    async def __call__(self, conversation: Conversation) -> None:
        while True:
            await conversation.request()
            conversation.send(self._answer())

    def _answer(self) -> bytes:
        now = time.monotonic()
        self._level = min(float(self._most), self._level + (now - self._at) * self._rate)
        self._at = now
        if is_served := self._level >= 1:
            self._level -= 1
        whole_in = (self._most - self._level) / self._rate
        said = (
            f"x-ratelimit-limit-requests: {self._most}",
            f"x-ratelimit-remaining-requests: {int(self._level)}",
            f"x-ratelimit-reset-requests: {whole_in:.3f}s",
        )
        if is_served:
            self.served += 1
            return http(200, chat_reply({"prompt_tokens": 10, "completion_tokens": 2}), *said)
        self.refused += 1
        return http(429, LIMITED, *said, f"retry-after-ms: {int((1 - self._level) / self._rate * 1000) + 1}")
