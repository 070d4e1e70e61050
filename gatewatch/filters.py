"""One filter grammar for the console, the command line and reports: text → SQL `WHERE` with bound parameters.

    team=search status>=400                     a space or & is "and"
    (model~gpt,claude | route=bot) !stream=yes  | is "or", ! is "not", a comma lists alternatives
    cost>0.05 latency>2s tag:env=prod "free text"

- Operators: = != > >= < <= ~ (contains, any case) !~. `status>=400` asks for the HTTP status, `status=error` for ours.
- Quotes are " or '; a quote inside quotes is doubled.
- The SQL holds words of a fixed vocabulary and `?` only; what was typed is in the parameters, and nothing in it is a
  wildcard.
- Nothing is unknown to a filter: `team!=search` and `!team=search` find the calls without a team too.
"""

import re
import time
from difflib import get_close_matches

from gatewatch.errors import UsageError
from gatewatch.filter_columns import ALIASES, COLUMNS, FREE_TEXT, Column, Operator, Parameter, compare, tag
from gatewatch.safe_text import safe

MAX_LENGTH = 2000
MAX_DEPTH = 30
MAX_CONDITIONS = 100

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"""[^\s&|()!"'=<>~]+""")
_OPERATOR = re.compile(r"\s*(!=|!~|>=|<=|=|>|<|~)\s*")
_VALUE = re.compile(r"""[^\s&|(),"']+""")
_QUOTED = re.compile(r"""(["'])((?:(?!\1).|\1\1)*+)\1""", re.DOTALL)
_POSITIVE: dict[str, Operator] = {"=": "=", "!=": "=", "~": "~", "!~": "~", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_COMMA = re.compile(r",\s*")

Compiled = tuple[str, list[Parameter]]


class FilterError(UsageError):
    """A filter that cannot be read: where (`column`, counted from 1) and what would be allowed there."""

    def __init__(self, text: str, at: int, message: str) -> None:
        self.column = at + 1
        shown = safe(text[max(0, at - 40) : at + 40])
        super().__init__(f"filter, column {self.column}: {message}", f"{shown}\n  {' ' * min(at, 40)}^")


def compile_filter(text: str, now_us: int | None = None) -> Compiled:
    """Filter text → (SQL for WHERE, its parameters). An empty filter is `TRUE`. Raises FilterError.

    `now_us` is what relative times (`time>15m`: since 15 minutes ago) count from; the clock when left out.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(text, MAX_LENGTH, f"a filter has at most {MAX_LENGTH} characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FilterError(text, error.start, "this is no character") from None
    reader = _Reader(text, time.time_ns() // 1000 if now_us is None else now_us)
    if reader.ended():
        return "TRUE", []
    compiled = reader.alternatives(0)
    if not reader.ended():
        raise reader.error("this bracket closes nothing" if reader.peek() == ")" else "expected a condition")
    return compiled


class _Reader:
    """Recursive descent over the text; `at` is the next character."""

    def __init__(self, text: str, now_us: int) -> None:
        self.text, self.now_us, self.at, self.conditions_read = text, now_us, 0, 0

    def alternatives(self, depth: int) -> Compiled:
        parts = [self.conditions(depth)]
        while self.take("|"):
            parts.append(self.conditions(depth))
        return _joined(" OR ", parts)

    def conditions(self, depth: int) -> Compiled:
        parts = [self.condition(depth)]
        while self.take("&") or not (self.ended() or self.peek() in "|)"):
            parts.append(self.condition(depth))
        return _joined(" AND ", parts)

    def condition(self, depth: int) -> Compiled:
        self.conditions_read += 1
        if depth > MAX_DEPTH or self.conditions_read > MAX_CONDITIONS:
            raise self.error(f"a filter has at most {MAX_CONDITIONS} conditions, nested {MAX_DEPTH} deep")
        if self.take("!"):
            return _not(self.condition(depth + 1))
        if self.take("("):
            inner = self.alternatives(depth + 1)
            if not self.take(")"):
                raise self.error("a bracket is not closed: expected )")
            return inner
        return self.comparison()

    def comparison(self) -> Compiled:
        """`column op value,…`, or a word or quoted text looked for everywhere."""
        if self.peek() in ('"', "'"):
            return compare(FREE_TEXT, "~", [self.value()], self.now_us)
        begin = self.at
        word = _WORD.match(self.text, begin)
        if not word:
            raise self.error("expected a condition, as in team=search or status>=400")
        self.at = word.end()
        tag_name = self.value() if word[0] == "tag:" else word[0][4:] if word[0].startswith("tag:") else ""
        operator = _OPERATOR.match(self.text, self.at)
        if not operator:
            return compare(FREE_TEXT, "~", [self.text[begin : self.at]], self.now_us)
        column = tag(tag_name) if tag_name else self.column(word[0], begin)
        self.at = begin = operator.end()
        values = self.values()
        try:
            compiled = compare(column, _POSITIVE[operator[1]], values, self.now_us)
        except ValueError as error:
            raise FilterError(self.text, begin, str(error)) from None
        return _not(compiled) if operator[1].startswith("!") else compiled

    def column(self, name: str, at: int) -> Column:
        name = name.lower()
        if name in ALIASES or name in COLUMNS:
            return COLUMNS[ALIASES.get(name, name)]
        near = get_close_matches(name, (*COLUMNS, *ALIASES), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "put text in quotes, or ask for team, model, status, cost …"
        raise FilterError(self.text, at, f"no column {safe(name, 40)!r}; {hint}")

    def values(self) -> list[str]:
        values = [self.value()]
        while comma := _COMMA.match(self.text, self.at):
            self.at = comma.end()
            values.append(self.value())
        return values

    def value(self) -> str:
        begin = self.at
        if quoted := _QUOTED.match(self.text, begin):
            self.at = quoted.end()
            return quoted[2].replace(quoted[1] * 2, quoted[1])
        if bare := _VALUE.match(self.text, begin):
            self.at = bare.end()
            return bare[0]
        raise self.error("a quote is not closed" if self.text[begin : begin + 1] in ('"', "'") else "expected a value")

    def take(self, mark: str) -> bool:
        found = self.peek() == mark
        self.at += found
        return found

    def peek(self) -> str:
        """The next character that is no space, or nothing at the end."""
        if space := _SPACE.match(self.text, self.at):
            self.at = space.end()
        return self.text[self.at : self.at + 1]

    def ended(self) -> bool:
        return not self.peek()

    def error(self, message: str) -> FilterError:
        return FilterError(self.text, self.at, message)


def _joined(word: str, parts: list[Compiled]) -> Compiled:
    if len(parts) == 1:
        return parts[0]
    return f"({word.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]


def _not(compiled: Compiled) -> Compiled:
    """Missing values make a comparison unknown; before it is negated it is made false."""
    return f"NOT coalesce({compiled[0]}, FALSE)", compiled[1]
