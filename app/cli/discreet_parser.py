"""Reads arguments without repeating in an error what might be a secret typed in the wrong place."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn


class DiscreetParser(argparse.ArgumentParser):
    """Of what is left over only the names of options are said; what looks like a key is taken out of every message."""

    def parse_known_args(  # type: ignore[override]  # the base class has overloads for namespaces of any type
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            told = [argument.partition("=")[0] for argument in rest if argument.startswith("--")]
            if len(rest) > len(told):
                told.append(f"{len(rest) - len(told)} more")
            self.error(f"unrecognized arguments: {', '.join(told)}")
        return known, rest

    def error(self, message: str) -> NoReturn:
        from gatewatch.keys.secret_shapes import without_secrets

        super().error(without_secrets(message))
