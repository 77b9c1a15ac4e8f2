"""What holds for all tests: linear algebra on one thread, as in a run, and the longest files first."""

from __future__ import annotations

import pytest

from scenarios.ensemble import one_blas_thread

one_blas_thread()  # so that floats do not depend on cores

LONGEST = (
    "test_notebooks", "test_sound_model", "test_gas_in_a_scenario", "test_episodes", "test_book_equivalence",
    "test_origin", "test_squeeze", "test_run", "test_economics", "test_economics_bases", "test_convergence",
    "test_gas_shocks", "test_economics_hormuz", "test_economics_glut", "test_base_bands", "test_marker",
    "test_sweep", "test_audit_run", "test_library",
)  # fmt: skip
"""Files in the order in which workers take them; the others follow. It is about minutes, no test depends on it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, so that two workers end together."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))
