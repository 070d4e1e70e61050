"""What people install: exactly our packages, with all their data, built offline by the locked build tool."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gatewatch import __version__

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = {"gatewatch", "app", "ingest", "proxy", "reports"}
JUNK = ("__pycache__", ".DS_Store", ".pyc")

BUILD = "import sys; from hatchling import build; print(build.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout, made by the build hook that pip calls."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_owns_exactly_our_top_level_names(wheel: zipfile.ZipFile) -> None:
    names = {name.partition("/")[0] for name in wheel.namelist()}
    assert names == PACKAGES | {f"gatewatch-{__version__}.dist-info"}


def test_every_source_and_data_file_is_in_it(wheel: zipfile.ZipFile) -> None:
    on_disk = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not any(junk in str(path) for junk in JUNK)
    }
    in_wheel = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert in_wheel == on_disk


@pytest.mark.parametrize("suffix", [".sql", ".jsonl", ".tcss"])
def test_the_data_that_code_reads_travels_along(wheel: zipfile.ZipFile, suffix: str) -> None:
    assert [name for name in wheel.namelist() if name.endswith(suffix)]


def test_the_licence_and_the_one_command_are_declared(wheel: zipfile.ZipFile) -> None:
    info = f"gatewatch-{__version__}.dist-info"
    assert b"Apache License" in wheel.read(f"{info}/licenses/LICENSE")
    assert wheel.read(f"{info}/entry_points.txt").split() == [
        b"[console_scripts]",
        b"gatewatch",
        b"=",
        b"gatewatch.__main__:main",
    ]


def test_nothing_in_it_runs_at_interpreter_start(wheel: zipfile.ZipFile) -> None:
    assert not [name for name in wheel.namelist() if name.endswith(".pth")]
