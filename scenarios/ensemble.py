"""Many worlds over processes: independent jobs, each told by its key, each with the same result in any process.

It runs and collects; results come back sorted by key, so that neither the number of workers nor their speed leaves a
trace. It knows no measure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Key = tuple[Any, ...]
Progress = Callable[[float, float], Any]


@dataclass(frozen=True)
class Job:
    """A piece of work: its key, the public function that does it, its arguments, its weight in the progress."""

    key: Key
    function: Callable[..., Any]
    arguments: dict[str, Any]
    weight: float = 1.0


def run_jobs(
    jobs: Sequence[Job], workers: int, progress: Progress = lambda done, total: None
) -> dict[Key, Any]:
    """Run all jobs on `workers` processes and return their results by key, in the order of the jobs.

    One worker runs in this process. Heavy jobs start first. Workers use one BLAS thread each. An error in a job is
    raised here. Raises ValueError when two jobs share a key.
    """
    keys = [job.key for job in jobs]
    if len(set(keys)) != len(keys):
        raise ValueError("two jobs share a key")
    order = sorted(range(len(jobs)), key=lambda k: (-jobs[k].weight, k))
    total = sum(job.weight for job in jobs)
    done = 0.0
    results: dict[Key, Any] = {}
    progress(0.0, total)
    for k, value in _results([jobs[k] for k in order], order, workers):
        results[jobs[k].key] = value
        done += jobs[k].weight
        progress(done, total)
    return {key: results[key] for key in keys}


def _results(jobs: Sequence[Job], order: Sequence[int], workers: int) -> Any:
    if workers == 1 or len(jobs) <= 1:
        for k, job in zip(order, jobs, strict=True):
            yield _run(k, job)
        return
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", inner_max_num_threads=1):
        parallel = Parallel(
            n_jobs=workers, return_as="generator_unordered", batch_size=1, pre_dispatch=2 * workers
        )
        yield from parallel(delayed(_run)(k, job) for k, job in zip(order, jobs, strict=True))


def _run(k: int, job: Job) -> tuple[int, Any]:
    return k, job.function(**job.arguments)


def one_blas_thread() -> None:
    """Let linear algebra use one thread, so that sums are added in one order. Call it before NumPy is loaded."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
