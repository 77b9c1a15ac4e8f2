"""The one decorator of every kernel, and the cache that never answers with stale code.

numba's own cache looks only at the file of the function itself: an edit in a callee or in a constant of
another file would run old machine code. The cache folder's name is therefore a hash of every source file that a
kernel can reach, of the numba version and of the flags that change code generation.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numba
from numba.core.caching import FunctionCache

_ROOT = Path(__file__).resolve().parents[2]
KERNEL_SOURCES = (
    "exchange/codes.py",
    "exchange/records.py",
    "exchange/units.py",
    "exchange/clearing/codes.py",
    "exchange/matching/*.py",
    "agents/traders/*.py",
    "agents/traders/kernel/*.py",
)
"""Glob patterns, from the project's root, of the files whose text decides the machine code."""


_ENTRY: dict[str, Any] = {"cache": True, "error_model": "numpy", "nogil": True}
_KERNEL = {**_ENTRY, "forceinline": True, "_nrt": False}


def source_digest(root: Path = _ROOT) -> str:
    """Return the hex digest of every kernel source below `root`, with the numba version and its flags."""
    digest = hashlib.sha256()
    for pattern in KERNEL_SOURCES:
        for path in sorted(root.glob(pattern)):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    digest.update(f"{numba.__version__} {sys.version_info[:2]}".encode())
    digest.update(os.environ.get("NUMBA_BOUNDSCHECK", "").encode())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return the folder of the kernel cache for exactly these sources."""
    base = os.environ.get("YANGSHAN_CACHE")
    root = Path(base) if base else Path.home() / ".cache" / "yangshan"
    return root / source_digest()


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]


class _SharedCache(FunctionCache):  # type: ignore[misc]
    """numba's cache on disk, for several processes that compile at once.

    numba numbers the files of a function's signatures by an index that it reads and writes in two steps: two processes
    that save different signatures at one moment can give both one file, and later run the wrong machine code. Here
    they take turns.
    """

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save the machine code of a signature while no other process saves one of this folder."""
        with _turn(Path(self.cache_path)):
            super().save_overload(sig, data)


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # not on Windows, where runs compile before their workers start
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / ".turn", "w")  # noqa: SIM115
    except OSError:  # a folder that cannot be written: nothing will be saved
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _shared(function: Any) -> Any:
    if hasattr(function, "py_func"):  # not where compilation is switched off
        function._cache = _SharedCache(function.py_func)
    return function


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a kernel: cached on disk, inlined where it is called, errors as NumPy's, no fused multiply-add.

    It cannot allocate: then numba counts no references, which would cost more than the matching.
    """
    return _shared(numba.njit(**_KERNEL)(function))


def entry(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls with a block of memory: as `kernel`, but it may make views of arrays."""
    return _shared(numba.njit(**_ENTRY)(function))


def direct(function: Any, *types: Any) -> Callable[..., Any]:
    """Return an entry compiled for these argument types, called without numba's look at the arguments.

    That look costs more than an order. Whoever calls must give these types: any integer will do for an integer.
    """
    if not hasattr(function, "get_overload"):  # compilation is switched off
        return cast(Callable[..., Any], function)
    function.compile(types)
    return cast(Callable[..., Any], function.get_overload(types))
