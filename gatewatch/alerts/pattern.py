"""Which alerts a pattern means: `*` stands for anything, every other character for itself."""


def matches(pattern: str, text: str) -> bool:
    """Takes time in proportion to both, whatever stands in them."""
    if pattern == text:
        return True
    head, *rest = pattern.split("*")
    if not rest or not text.startswith(head):
        return False
    *middle, tail = rest
    at = len(head)
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - at >= len(tail) and text.endswith(tail)


def means(pattern: str, id: str) -> bool:
    """Whether what fires as `id` (ALERT|SUBJECT) is meant: by all of it, or by the alert's name."""
    return matches(pattern, id) or matches(pattern, id.partition("|")[0])
