"""Whether the JSON object that arrives in pieces is whole, by its braces: those inside strings are none."""


class Braces:
    """One object. Its pieces may be cut anywhere, inside an escape, too; it takes time as they are long."""

    __slots__ = ("_depth", "_escaped", "_quoted")

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        """Inside a string."""
        self._escaped = False
        """Behind a backslash that makes something else of what follows it."""

    @property
    def closed(self) -> bool:
        """Whether every brace so far is closed."""
        return not self._depth and not self._quoted

    def add(self, text: str) -> None:
        at = 0
        while at < len(text):
            if self._quoted:
                at = self._leave_string(text, at)
                continue
            quote = text.find('"', at)
            end = len(text) if quote < 0 else quote
            self._depth += text.count("{", at, end) - text.count("}", at, end)
            self._quoted = quote >= 0
            at = end + 1

    def _leave_string(self, text: str, at: int) -> int:
        """Where it goes on behind the string, or the text."""
        begin = at + self._escaped
        self._escaped = False
        while True:
            quote = text.find('"', begin)
            end = len(text) if quote < 0 else quote
            escaped = _slashes_before(text, begin, end) % 2 == 1
            if quote < 0:
                self._escaped = escaped
                return end
            if not escaped:
                self._quoted = False
                return quote + 1
            begin = quote + 1


def _slashes_before(text: str, begin: int, end: int) -> int:
    at = end
    while at > begin and text[at - 1] == "\\":
        at -= 1
    return end - at
