"""What the store says to a reservation, as a verdict."""

from collections.abc import Iterator, Sequence

from gatewatch.limits.counters import Asked, Level, Verdict

_NEVER = -1


def verdict_of(answer: list[object], asked: Sequence[Asked]) -> Verdict:
    """From what `lua/reserve.lua` returns."""
    in_the_way = answer[0]
    assert isinstance(in_the_way, int)
    numbers = iter(answer[1 : 1 + 2 * len(asked)])
    fields = iter(answer[1 + 2 * len(asked) :])
    levels = []
    for each in asked:
        taken, held = _number(next(numbers)), _number(next(numbers))
        fits = taken + each.amount <= each.most if each.amount else taken < each.most
        too_much = taken + each.amount - each.most + (not each.amount)
        levels.append(Level(taken, held, 0 if fits else _fits_behind(_buckets(next(fields)), each.oldest, too_much)))
    return Verdict(in_the_way, tuple(levels))


def _buckets(fields: object) -> dict[int, int]:
    found: dict[int, int] = {}
    for field, amount in pairs(fields):
        if field.isdigit() or is_hold(field):
            bucket = int(field.removeprefix(b"h"))
            found[bucket] = found.get(bucket, 0) + int(amount)
    return found


def _fits_behind(buckets: dict[int, int], oldest: int, too_much: int) -> int:
    """The bucket with whose leaving so much is free."""
    for bucket in sorted(bucket for bucket in buckets if bucket >= oldest):
        too_much -= buckets[bucket]
        if too_much <= 0:
            return bucket
    return _NEVER


def _number(text: object) -> int:
    assert isinstance(text, bytes)
    return int(text)


def is_hold(field: bytes) -> bool:
    """Of a counter's hash: what is held in a bucket."""
    return field.startswith(b"h") and field[1:].isdigit()


def pairs(fields: object) -> Iterator[tuple[bytes, bytes]]:
    """Of a hash, as the store tells them."""
    assert isinstance(fields, list)
    each = iter(fields)
    return zip(each, each, strict=True)
