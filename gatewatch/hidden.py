"""Keeps secrets out of what a record shows of itself: in a log, an assertion, a traceback with locals, a debugger.

Every struct and named tuple that has a secret as a field is made with `hides`; a test walks all there are.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

Record = TypeVar("Record")

HIDDEN = "[hidden]"


def hides(*names: str) -> Callable[[type[Record]], type[Record]]:
    """A class decorator: these fields are shown as `[hidden]`, or as None where they are None."""

    def hiding(record: type[Record]) -> type[Record]:
        assert set(names) <= set(fields_of(record)), f"{record.__name__} has no such fields"

        def parts(self: Record) -> Iterator[tuple[str, Any]]:
            for name in fields_of(type(self)):
                value = getattr(self, name)
                yield name, _MARK if name in names and value is not None else value

        def shown(self: Record) -> str:
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in parts(self))})"

        record.__repr__ = shown  # type: ignore[assignment,method-assign]
        record.__rich_repr__ = parts  # type: ignore[attr-defined]
        return record

    return hiding


def fields_of(record: type) -> tuple[str, ...]:
    """Of a struct or a named tuple; empty for other types."""
    fields: tuple[str, ...] = getattr(record, "__struct_fields__", ()) or getattr(record, "_fields", ())
    return fields


class _Mark:
    def __repr__(self) -> str:
        return HIDDEN


_MARK = _Mark()
