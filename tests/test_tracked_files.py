"""What is committed works anywhere and gives nothing away: no path of one machine, no registry's host, no secret."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:w[o]rk|r[o]ot|f[a]rm)/|/(?:h[o]me|Us[e]rs)/[a-z]\w*/|b[a]sh_jobs|file:///o[p]t"
)

REGISTRY_HOSTS = re.compile(
    r"\b(?:py[p]i\.org|pyth[o]nhosted\.org|registry\.npm[j]s\.org|npm[j]s\.com|(?:deb|security)\.deb[i]an\.org)\b"
)

SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE K[E]Y-----\s+[A-Za-z0-9+/]{60}"
    r"|\b(?:sk-(?:proj-|ant-\w+-|or-v1-)?[\w-]{32,}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|AKI[A][0-9A-Z]{16}"
    r"|xox[abp]-[\w-]{20,}|AI[z]a[\w-]{35}|gsk_[A-Za-z0-9]{40,}|hf_[A-Za-z0-9]{30,}|sk_live_[A-Za-z0-9]{20,}|gwk_[as]k_\w+_[A-Za-z0-9]{57})\b"
)

MADE_UP = re.compile(r"canary|example|fake|test|dummy|abcdef|012345|(\w)\1{5}|X{4}", re.IGNORECASE)
"""A secret that a test makes up says so in itself."""


def tracked_texts() -> Iterator[tuple[str, str]]:
    """(path, text) of each committed file that is text."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("git and its checkout are not here")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            content = path.read_bytes()
            if b"\0" not in content:
                yield name, content.decode("utf-8")


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for name, text in tracked_texts()
        for match in pattern.finditer(text)
    ]


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert not found(MACHINE_PATHS)


def test_no_file_names_a_package_registry() -> None:
    assert not found(REGISTRY_HOSTS)


def test_no_file_holds_a_secret_that_could_be_real() -> None:
    assert not [hit for hit in found(SECRETS) if not MADE_UP.search(hit)]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATHS, "log: /" + "home/ann/gatewatch/x.log"),
        (MACHINE_PATHS, "find-links = file:///" + "opt/wheels"),
        (REGISTRY_HOSTS, "--index-url https://" + "py" + "pi.org/simple"),
        (SECRETS, "OPENAI_API_KEY=sk-" + "proj-" + "9fQ2mZ7x" * 5),
        (SECRETS, "AKI" + "A" + "Z7Q3M9X2K5P8R4T6"),
    ],
)
def test_each_of_these_is_found(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)
