"""Named random streams: one generator for each named component of a world.

A stream depends on the seed, the replication, the draw of its group and its own name; never on the order of
asking, nor on what other components exist. Compiled state draws its own numbers: a `word` is its seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from zlib import crc32

import numpy as np
from numpy.random import Generator, Philox, SeedSequence


class Streams:
    """Hand out the streams of one replication, each name once.

    `draws` says how often a group of streams has been resampled; a group is a glob such as "news.*.sc". A
    name takes the draw of the longest group it belongs to (of equals, the last in the alphabet), or else 0.
    """

    def __init__(self, seed: int, replication: int = 0, draws: Mapping[str, int] | None = None) -> None:
        if seed < 0 or replication < 0:
            raise ValueError(f"seed {seed} and replication {replication} must be 0 or more")
        self.seed = seed
        self.replication = replication
        self.draws = dict(draws or {})
        if any(draw < 0 for draw in self.draws.values()):
            raise ValueError(f"a draw must be 0 or more: {self.draws}")
        self._asked: dict[int, str] = {}

    def generator(self, name: str) -> Generator:
        """Return the generator of `name`. Raises ValueError if the name was asked before."""
        return Generator(Philox(self._sequence(name)))

    def word(self, name: str) -> np.uint64:
        """Return 64 random bits as the seed of `name`'s compiled state. Raises ValueError if asked before."""
        return np.uint64(self._sequence(name).generate_state(1, np.uint64)[0])

    def names(self) -> list[str]:
        """List the names asked so far, sorted."""
        return sorted(self._asked.values())

    def draw(self, name: str) -> int:
        """Return how often the group of `name` has been resampled."""
        groups = [group for group in self.draws if fnmatchcase(name, group)]
        return self.draws[max(groups, key=lambda group: (len(group), group))] if groups else 0

    def _sequence(self, name: str) -> SeedSequence:
        key = crc32(name.encode())
        if key in self._asked:
            raise ValueError(f"stream '{name}': its key is taken by '{self._asked[key]}'; each is asked once")
        self._asked[key] = name
        return SeedSequence(self.seed, spawn_key=(self.replication, self.draw(name), key))
