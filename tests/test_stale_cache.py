"""An edit in any kernel source is never answered by old machine code: it moves the cache to another folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exchange.matching import _jit

ROOT = Path(_jit.__file__).resolve().parents[2]
SOURCES = sorted(path.relative_to(ROOT) for pattern in _jit.KERNEL_SOURCES for path in ROOT.glob(pattern))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for source in SOURCES:
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, tmp_path / source)
    return tmp_path


def test_the_same_sources_have_the_same_folder(copied: Path) -> None:
    assert _jit.source_digest(copied) == _jit.source_digest() == _jit.source_digest(copied)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_an_edit_changes_the_folder(source: Path, copied: Path) -> None:
    before = _jit.source_digest(copied)
    path = copied / source
    path.write_text(path.read_text() + "# edited\n")
    assert _jit.source_digest(copied) != before


def test_bounds_checked_code_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _jit.cache_folder()
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert _jit.cache_folder() != before


DTYPES = ("int8", "int16", "int32", "float64")
COMPILES = """
import sys, time
import numpy as np
from numba.core.caching import IndexDataCacheFile
from exchange.matching._jit import entry

save_index = IndexDataCacheFile._save_index

def slowly(self, overloads):
    time.sleep(0.3)
    save_index(self, overloads)

IndexDataCacheFile._save_index = slowly

@entry
def last(values):
    return values[-1]

while time.time() < float(sys.argv[2]):
    time.sleep(0.01)
print(last(np.arange(5, dtype=sys.argv[1])) == 4)
"""


def test_processes_that_compile_at_once_save_their_code_in_turns(tmp_path: Path) -> None:
    """Each signature keeps a file of its own, though all are saved at one moment and the index is written slowly."""
    program = tmp_path / "compiles.py"
    program.write_text(COMPILES, encoding="utf-8")
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    start = str(time.time() + 4.0)
    running = [
        subprocess.Popen(
            [sys.executable, str(program), dtype, start], env=environment, stdout=subprocess.PIPE, text=True
        )
        for dtype in DTYPES
    ]
    assert [process.communicate(timeout=120)[0].strip() for process in running] == ["True"] * len(DTYPES)
    assert len(list((tmp_path / "cache").rglob("*.nbc"))) == len(DTYPES)


def test_every_kernel_imports_only_hashed_sources() -> None:
    hashed = {path.as_posix() for path in SOURCES}
    for source in SOURCES:
        if "kernel" not in source.parts and "matching" not in source.parts:
            continue
        for line in (ROOT / source).read_text().splitlines():
            if line.startswith("from ") and line.split()[1].startswith(("exchange", "agents")):
                module = line.split()[1].replace(".", "/")
                names = line.split(" import ")[1].strip("()").split(",")
                parts = {f"{module}.py"} | {f"{module}/{name.strip()}.py" for name in names}
                assert parts & hashed, f"{source}: {line}"
