"""A provider's key as the operator gives it: never as an argument, which other users of the machine can read."""

LARGEST_KEY = 64 * 1024


def given_key(what: str, from_file: str | None) -> str:
    """The key: from the file, else from a prompt where there is a terminal, else from stdin.

    Raises UsageError where it cannot be one; never repeats it.
    """
    import getpass
    import sys
    from pathlib import Path

    from gatewatch.errors import UsageError

    try:
        if from_file is not None:
            path = Path(from_file)
            with path.open("rb") as file:
                content = file.read(LARGEST_KEY + 1)
            if path.stat().st_mode & 0o077:
                sys.stderr.write("Other users of this machine may read the file, and so have the key.\n")
        elif sys.stdin.isatty():
            content = getpass.getpass(f"{what[:1].upper()}{what[1:]}: ", stream=sys.stderr).encode()
        else:
            content = sys.stdin.buffer.read(LARGEST_KEY + 1)
        secret = content.decode().strip()
    except OSError as error:
        raise UsageError(f"--from-file {from_file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError("what was given is not text") from None
    if not secret:
        raise UsageError("no key was given", "type it at the prompt, pipe it to stdin, or name a file with --from-file")
    if len(content) > LARGEST_KEY:
        raise UsageError("what was given is too large for a key")
    if any(not character.isprintable() and character not in "\n\r\t" for character in secret):
        raise UsageError("the key holds control characters", "paste it again, or use --from-file")
    return secret
