"""Random draws inside compiled state: a splitmix64 generator is one 64-bit word, copied with the state.

Source of the generator: Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA.
Every function uses a fixed number of words, so that two runs that share a stream stay in step.
"""

from __future__ import annotations

import math

import numpy as np

from exchange.matching._jit import kernel


@kernel
def uniform(words, k):
    """Advance generator `words[k]` and return a number in (0, 1). One word."""
    words[k] += np.uint64(0x9E3779B97F4A7C15)
    z = words[k]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (float(z >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@kernel
def normal(words, k):
    """Return a standard normal number (Box and Muller). Two words."""
    radius = math.sqrt(-2.0 * math.log(uniform(words, k)))
    return radius * math.cos(2.0 * math.pi * uniform(words, k))


@kernel
def waiting_ns(words, k, rate_per_s):
    """Return an exponential waiting time in whole nanoseconds, at least one. One word."""
    u = uniform(words, k)
    if rate_per_s <= 0.0:
        return np.int64(1) << np.int64(60)
    return np.int64(1.0 - math.log(u) * 1e9 / rate_per_s)


@kernel
def geometric(words, k, mean):
    """Return a geometric number from 1 on with the given mean (at least 1). One word."""
    u = uniform(words, k)
    if mean <= 1.0:
        return 1
    return 1 + np.int64(math.log(u) / math.log(1.0 - 1.0 / mean))
