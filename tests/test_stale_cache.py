"""An edit in any kernel source is never answered by old machine code: it moves the cache to another folder."""

from __future__ import annotations

import shutil
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
