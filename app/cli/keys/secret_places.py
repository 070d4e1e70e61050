"""Where a new secret is put: on the screen, into a private file, onto the clipboard or into the vault.

Keeps true: the place is made sure of before there is a secret; once there is one, it ends up somewhere or is shown.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def add_places(parser: argparse.ArgumentParser) -> None:
    """`--secret-file`, `--clipboard`, `--to-vault`: at most one of them."""
    places = parser.add_argument_group("where the secret goes (default: stdout, once)").add_mutually_exclusive_group()
    places.add_argument("--secret-file", metavar="PATH", help="a new file (0600)")
    places.add_argument("--clipboard", action="store_true", help="this desktop's or this terminal's clipboard")
    places.add_argument("--to-vault", metavar="NAME", help="the vault, as gatewatch/keys/ID-NAME; it is not shown")


class SecretPlace:
    """One place, for one secret."""

    def __init__(self, path: Path | None, *, clipboard: bool, vault_name: str | None) -> None:
        self._path = path
        self._clipboard = clipboard
        self._vault_name = vault_name

    def delivery(self) -> dict[str, Any]:
        """The fields of the actions that make secrets."""
        return {} if self._vault_name is None else {"deliver": "vault", "vault_name": self._vault_name}

    def put(self, key: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """What the answer tells in place of the key's secret, and what a person is told."""
        secret: str | None = key["secret"]
        if self._vault_name is not None:
            return {"secret": None, "vault": key["vault"]}, f"The secret is in the vault as {key['vault']}."
        if secret is None:
            if self._path is not None:
                self._path.unlink(missing_ok=True)
            return {"secret": None}, ""
        if self._path is not None:
            try:
                self._path.write_text(secret + "\n")
            except OSError as error:
                return {"secret": secret}, f"{self._path} was not written ({error.strerror}): keep the secret now."
            told = f"The key's secret is in {self._path}; it will not be shown again."
            return {"secret": None, "secret_file": str(self._path)}, told
        if self._clipboard:
            from app.cli.keys.clipboard import copy

            where = copy(secret)
            if where is not None:
                told = f"The key's secret was copied to {where}. If it is not there, rotate the key: it is not shown."
                return {"secret": None, "clipboard": where}, told
            return {"secret": secret}, "No clipboard took it. Keep it now: it will not be shown again."
        return {"secret": secret}, "This is the key's secret. Keep it now: it will not be shown again."


@contextmanager
def secret_place(args: argparse.Namespace) -> Iterator[SecretPlace]:
    """The place that was asked for; a file is removed again where no key is made.

    Raises UsageError where it cannot be had.
    """
    from gatewatch.errors import UsageError

    if args.clipboard and not sys.stdout.isatty():
        raise UsageError("--clipboard is for terminals, and stdout is none", "use --secret-file or --to-vault instead")
    path = None if args.secret_file is None else new_file(Path(args.secret_file), "--secret-file")
    try:
        yield SecretPlace(path, clipboard=args.clipboard, vault_name=args.to_vault)
    except BaseException:
        if path is not None and path.exists() and not path.stat().st_size:
            path.unlink()
        raise


def new_file(path: Path, option: str) -> Path:
    """A new, empty, private file. Raises UsageError."""
    from gatewatch.errors import UsageError

    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror}", "name a file that does not exist yet") from None
    return path


def new_folder(path: Path, option: str) -> Path:
    """A new, private folder. Raises UsageError."""
    from gatewatch.errors import UsageError

    try:
        path.mkdir(mode=0o700)
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror}", "name a folder that does not exist yet") from None
    return path


def _lost(key: Mapping[str, Any], error: OSError) -> Exception:
    """What is said of a secret that stdout did not take; nothing is written there any more."""
    from gatewatch.errors import GatewatchError

    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return GatewatchError(
        f"key {key['name']!r} ({key['id']}) has a new secret, and stdout did not take it: {error.strerror}",
        f"nobody has it: `gatewatch keys rotate {key['id']}` gives another, `gatewatch keys revoke` ends the key",
    )


def print_secret(key: Mapping[str, Any], place: SecretPlace, output: str, shown: tuple[str, ...]) -> None:
    """The one time that a secret is shown. JSON and CSV keep to what scripts rely on; a table has `shown`.

    Raises GatewatchError where stdout does not take it.
    """
    from app.cli.output import print_object

    put, told = place.put(key)
    try:
        if output == "table":
            print_object({name: key[name] for name in shown}, output)
            if put["secret"] is not None:
                sys.stdout.write(f"\n{put['secret']}\n")
        else:
            print_object({name: key[name] for name in ("id", "name", "team")} | put, output)
        sys.stdout.flush()
    except OSError as error:
        if put["secret"] is None:
            raise
        raise _lost(key, error) from None
    if told and (output == "table" or put["secret"] is None):
        sys.stderr.write(f"{told}\n")
