"""Forks of this process: one past, several futures, each in a copy of the whole world.

SimPy's generators cannot be copied, but a process can. Where the system has no fork, `can_fork` says so, and a world is
built again instead.
"""

from __future__ import annotations

import os
import pickle
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def can_fork() -> bool:
    """Tell whether the system can copy a process."""
    return hasattr(os, "fork")


def in_forks(futures: Sequence[Callable[[], Result]]) -> list[Result]:
    """Call each in its own copy of this process as it now is, one after another, and return what they returned.

    Nothing that they change is left. Raises RuntimeError with the text of an error in a copy.
    """
    return [_in_fork(future) for future in futures]


def _in_fork(future: Callable[[], Result]) -> Result:
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # A worker's threads move results about; the copy, which has none of them, only computes.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _answer(future, reading, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read()
    os.waitpid(child, 0)
    if not told:
        raise RuntimeError("a copy of this process ended without an answer")
    result, error = pickle.loads(told)
    if error is not None:
        raise RuntimeError(f"in a copy of this process:\n{error}")
    return result  # type: ignore[no-any-return]


def _answer(future: Callable[[], Result], reading: int, writing: int) -> None:
    """Call a future, write its result or its error into the pipe, and end this copy."""
    try:
        os.close(reading)
        try:
            told = pickle.dumps((future(), None))
        except BaseException:
            told = pickle.dumps((None, traceback.format_exc()))
        with os.fdopen(writing, "wb") as stream:
            stream.write(told)
    finally:
        os._exit(0)
