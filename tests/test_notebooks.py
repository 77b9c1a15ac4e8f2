"""Every notebook runs from its first cell to its last, in the interpreter of these tests."""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import pytest
from ipykernel.kernelspec import write_kernel_spec
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(p for p in FOLDER.glob("*.py") if "jupytext:" in p.read_text(encoding="utf-8"))

SLOW = {"delivery_base_expansion", "investments_in_a_winter", "lng_outage", "reading_a_run", "who_leads"}


def test_there_are_notebooks():
    expected = {
        "delivery_base_expansion",
        "investments_in_a_winter",
        "lng_outage",
        "matching_throughput",
        "reading_a_run",
        "real_prices",
        "who_leads",
    }
    assert expected <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=pytest.mark.slow if p.stem in SLOW else ()) for p in NOTEBOOKS],
    ids=lambda path: path.stem,
)
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    monkeypatch.delenv("YANGSHAN_RUN", raising=False)
    write_kernel_spec(str(tmp_path / "kernels" / "python3"), overrides={"argv": _argv()})
    manager = KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")])
    notebook = jupytext.read(path)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.create_kernel_manager().kernel_spec_manager = manager
    client.execute()
    drawn = [
        o for cell in notebook.cells for o in cell.get("outputs", []) if "image/svg+xml" in o.get("data", {})
    ]
    assert len(drawn) == path.read_text(encoding="utf-8").count("\ndraw(")


def _argv() -> list[str]:
    return [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
