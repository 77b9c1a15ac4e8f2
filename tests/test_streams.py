from __future__ import annotations

import os
import subprocess
import sys
from zlib import crc32

import numpy as np
import pytest

from scenarios.streams import Streams

NAMES = [
    "news.world.brent",
    "news.china.sc",
    "flow.sc.noise",
    "flow.sc.makers",
    "crude.voyages",
    "gas.weather",
]


def numbers(streams: Streams, names: list[str]) -> dict[str, list[int]]:
    return {name: streams.generator(name).integers(0, 2**32, 4).tolist() for name in names}


def test_a_stream_depends_on_its_name_only_not_on_the_order_or_the_others():
    assert numbers(Streams(1), NAMES) == numbers(Streams(1), NAMES[::-1])
    assert numbers(Streams(1), NAMES[:2]) == {
        n: v for n, v in numbers(Streams(1), NAMES).items() if n in NAMES[:2]
    }


def test_streams_differ_by_seed_replication_draw_and_name():
    streams = [Streams(1), Streams(2), Streams(1, 1), Streams(1, draws={"*": 1}), Streams(1, draws={"*": 2})]
    drawn = [tuple(v) for s in streams for v in numbers(s, NAMES).values()]
    assert len(set(drawn)) == len(streams) * len(NAMES)


def test_the_numbers_are_those_of_the_written_recipe():
    sequence = np.random.SeedSequence(7, spawn_key=(2, 0, crc32(b"abc.def")))
    assert Streams(7, 2).word("abc.def") == sequence.generate_state(1, np.uint64)[0]
    assert (
        Streams(7, 2).generator("abc.def").random()
        == np.random.Generator(np.random.Philox(sequence)).random()
    )


def test_resampling_a_group_leaves_all_others():
    base, resampled = numbers(Streams(1), NAMES), numbers(Streams(1, draws={"flow.sc.*": 3}), NAMES)
    assert {name for name in NAMES if base[name] != resampled[name]} == {"flow.sc.noise", "flow.sc.makers"}


def test_the_longest_group_decides():
    streams = Streams(1, draws={"*": 1, "news.*": 2, "news.*.sc": 3, "news.china.*": 4})
    assert [streams.draw(name) for name in NAMES] == [2, 4, 1, 1, 1, 1]
    assert Streams(1, draws={"news.w*": 1, "news.*.brent": 2}).draw("news.world.brent") == 2
    assert Streams(1).draw("flow.sc.noise") == 0


def test_a_name_is_asked_once():
    streams = Streams(1)
    streams.generator("flow.sc.noise")
    with pytest.raises(ValueError, match=r"flow\.sc\.noise"):
        streams.word("flow.sc.noise")


def test_two_names_with_one_key_are_refused():
    streams = Streams(1)
    streams.word("plumless")
    with pytest.raises(ValueError, match="plumless"):
        streams.word("buckeroo")  # the best known collision of crc32


def test_names_are_sorted():
    streams = Streams(1)
    numbers(streams, NAMES)
    assert streams.names() == sorted(NAMES)


@pytest.mark.parametrize(
    "bad", [{"seed": -1}, {"seed": 1, "replication": -1}, {"seed": 1, "draws": {"*": -1}}]
)
def test_negative_numbers_are_refused(bad):
    with pytest.raises(ValueError, match="0 or more"):
        Streams(**bad)


def test_streams_are_the_same_under_any_hash_seed():
    code = "from scenarios.streams import Streams; print(Streams(3, 1, {'a*': 1, '*b': 1}).word('ab'))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "42")
    }
    assert len(printed) == 1
