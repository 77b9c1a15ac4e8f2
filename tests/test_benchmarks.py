"""Every benchmark runs to its end, so its own checks hold; how fast it is, is not asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("[a-z]*.py")))
def test_a_benchmark_checks_itself_and_writes_its_figures(name: str, tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    command = [sys.executable, str(FOLDER / f"{name}.py"), "--quick", "--json", str(written)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(written.read_text())
