from __future__ import annotations

import tomllib
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator

from scenarios import tomlfile
from scenarios.tomlfile import BadInput, dumps, key_lines, load
from scenarios.validation import validate


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Outage(Strict):
    kind: Literal["outage"]
    start_day: int = Field(ge=0, description="trading days after the start")
    lost_cargoes: int = Field(3, gt=0)


class Cold(Strict):
    kind: Literal["cold"]
    start_day: int = Field(ge=0)
    degrees_c: float = Field(lt=0)


class Depot(Strict):
    capacity_bbl: float = Field(gt=0, allow_inf_nan=False, description="active tankage")
    source: str | dict[str, str]
    opened: date | None = None


class Berths(Strict):
    number: int


class Toy(Strict):
    name: str
    level: Literal["low", "high"] = "low"
    depots: dict[str, Depot] = {}
    berths: dict[Literal["north", "south"], Berths] = {}
    shocks: tuple[Annotated[Outage | Cold, Field(discriminator="kind")], ...] = ()

    @field_validator("name")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value) > 9:
            raise ValueError("must be 9 letters or fewer")
        return value


@pytest.fixture
def folder(tmp_path, monkeypatch):
    library = tmp_path / "library"
    (library / "parts").mkdir(parents=True)
    monkeypatch.setattr(tomlfile, "LIBRARY", library)
    monkeypatch.chdir(tmp_path)
    (library / "base.toml").write_text(
        'name = "base"\n[depots.a]\ncapacity_bbl = 1.0\nsource = "assumption"\n'
    )
    (library / "parts" / "gas.toml").write_text('level = "high"\n')
    return tmp_path


def problems(folder, text, sets=()):
    (folder / "my.toml").write_text(text)
    with pytest.raises(BadInput) as caught:
        validate(Toy, load("my.toml", sets))
    return caught.value.messages


def test_the_messages_of_the_product_page(folder):
    text = '\n\nname = "x"\n[[shocks]]\nkind = "outage"\nlost_cargo = 2\nstart_day = -1\n'
    (folder / "my.toml").write_text(text)
    with pytest.raises(BadInput) as caught:
        validate(Toy, load("my.toml"))
    assert str(caught.value) == (
        "my.toml:6: shocks[0].lost_cargo: unknown key. Did you mean 'lost_cargoes'?\n"
        "my.toml:7: shocks[0].start_day = -1: must be 0 or more (trading days after the start)\n"
        "2 problems; nothing was run."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('nam = "x"', ["my.toml:1: nam: unknown key. Did you mean 'name'?"]),
        ("", ["my.toml:1: name: is missing"]),
        ('name = "a very long name"', ['my.toml:1: name = "a very long name": must be 9 letters or fewer']),
        ("name = 3", ["my.toml:1: name = 3: must be text"]),
        ("name = []", ["my.toml:1: name: must be text"]),
        (
            'name = "x"\nlevel = "hig"',
            ["my.toml:2: level = \"hig\": must be one of 'low', 'high'. Did you mean 'high'?"],
        ),
        (
            'name = "x"\n[depots.a]\nsource = "s"\ncapacity_m3 = 2',
            ["my.toml:4: depots.a.capacity_m3: wrong unit: expected 'capacity_bbl', in bbl"],
        ),
        (
            'name = "x"\n[depots.a]\nsource = "s"\ncapacity = 2',
            ["my.toml:4: depots.a.capacity: the unit is missing: expected 'capacity_bbl', in bbl"],
        ),
        (
            'name = "x"\n[depots.a]\nsource = "s"',
            ["my.toml:2: depots.a.capacity_bbl: is missing (active tankage)"],
        ),
        (
            'name = "x"\n[depots.a]\nsource = 3\ncapacity_bbl = -2.0\nopened = "today"',
            [
                "my.toml:3: depots.a.source = 3: must be text or a table",
                "my.toml:4: depots.a.capacity_bbl = -2.0: must be more than 0.0 (active tankage)",
                'my.toml:5: depots.a.opened = "today": must be a date such as 2024-11-04',
            ],
        ),
        (
            'name = "x"\n[depots.a]\ncapacity_bbl = 1\nsource.capacity_bbl = 3',
            ["my.toml:4: depots.a.source.capacity_bbl = 3: must be text"],
        ),
        (
            'name = "x"\n[depots.a]\nsource = "s"\ncapacity_bbls = 2',
            ["my.toml:4: depots.a.capacity_bbls: unknown key. Did you mean 'capacity_bbl'?"],
        ),
        (
            'name = "x"\n[berths.southh]\nnumbr = 2',
            ["my.toml:2: berths.southh: must be one of 'north', 'south'. Did you mean 'south'?"],
        ),
        (
            'name = "x"\nopened = 2024-11-31T09:00:00',
            ["my.toml:2: Invalid date or datetime (column 10)"],
        ),
        (
            'name = "x"\n[[shocks]]\nkind = "cold"\nstart_day = true\ndegrees_c = "-3"',
            [
                "my.toml:4: shocks[0].start_day = true: must be a whole number",
                'my.toml:5: shocks[0].degrees_c = "-3": must be a number',
            ],
        ),
        (
            'name = "x"\n[depots.a]\nsource = "s"\ncapacity_bbl = inf\nopened = 09:00:00',
            [
                "my.toml:4: depots.a.capacity_bbl = inf: must be a finite number (active tankage)",
                "my.toml:5: depots.a.opened = 09:00:00: must be a date such as 2024-11-04",
            ],
        ),
        (
            'name = "x"\n[[shocks]]\nkind = "coldd"',
            ["my.toml:3: shocks[0].kind = \"coldd\": must be one of 'outage', 'cold'. Did you mean 'cold'?"],
        ),
        (
            'name = "x"\n[[shocks]]\nstart_day = 1',
            ["my.toml:2: shocks[0].kind: is missing (one of 'outage', 'cold')"],
        ),
        (
            'name = "x"\nshocks = [\n {kind = "outage", start_day = 1},\n'
            ' {kind = "cold", start_day = 1.5, degrees_c = -3}\n]',
            ["my.toml:4: shocks[1].start_day = 1.5: must be a whole number"],
        ),
    ],
)
def test_each_problem_has_its_line_and_says_what_is_allowed(folder, text, expected):
    assert problems(folder, text) == expected


def test_a_layer_is_named_in_the_message(folder):
    (folder / "library" / "base.toml").write_text('name = "base"\nlevl = "low"\n')
    messages = problems(folder, 'extends = "base"\nshock = []\n', ["level=mid"])
    assert messages == [
        "my.toml:2: shock: unknown key. Did you mean 'shocks'?",
        "--set: level = \"mid\": must be one of 'low', 'high'",
        "library/base.toml:2: levl: unknown key. Did you mean 'level'?",
    ]


def test_extends_merges_tables_and_replaces_arrays(folder):
    (folder / "mid.toml").write_text(
        'extends = ["base", "parts/gas"]\n[depots.b]\ncapacity_bbl = 2\nsource = "s"\n'
        '[[shocks]]\nkind = "outage"\nstart_day = 1\n[[shocks]]\nkind = "outage"\nstart_day = 2\n'
    )
    (folder / "sub").mkdir()
    (folder / "sub" / "my.toml").write_text(
        'extends = "../mid.toml"\ndepots.a.capacity_bbl = 5\n'
        '[[shocks]]\nkind = "cold"\nstart_day = 3\ndegrees_c = -9\n'
    )
    document = load("sub/my.toml")
    toy = validate(Toy, document)
    assert toy.name == "base" and toy.level == "high"
    assert {name: depot.capacity_bbl for name, depot in toy.depots.items()} == {"a": 5, "b": 2}
    assert [shock.start_day for shock in toy.shocks] == [3]
    assert str(document.origin(("depots", "a", "capacity_bbl"))) == "sub/my.toml:2"
    assert str(document.origin(("depots", "a", "source"))) == "library/base.toml:4"
    assert ("shocks", 1) not in document.origins


def test_a_circle_is_refused(folder):
    (folder / "one.toml").write_text('extends = "two.toml"')
    (folder / "two.toml").write_text('extends = "one.toml"')
    with pytest.raises(BadInput, match=r"two.toml: extends in a circle: one.toml -> two.toml -> one.toml"):
        load("one.toml")


def test_two_parents_may_share_a_parent(folder):
    for name in ("one", "two"):
        (folder / f"{name}.toml").write_text('extends = "base"')
    (folder / "my.toml").write_text('extends = ["one.toml", "two.toml"]')
    assert load("my.toml").values["name"] == "base"


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bse", "bse: no such scenario. Did you mean 'base'\\? Scenarios: base"),
        ("none.toml", "none.toml: no such file"),
        ("my.toml", "my.toml:2: extends = \"bas\": no such scenario. Did you mean 'base'\\?"),
        ("broken.toml", "broken.toml:2: Invalid value \\(column 5\\)"),
        ("latin.toml", "latin.toml:2: must be UTF-8 text"),
        ("library", "library: no such scenario"),
    ],
)
def test_what_cannot_be_loaded(folder, name, match):
    (folder / "my.toml").write_text('\nextends = "bas"')
    (folder / "broken.toml").write_text("a = 1\nb = ?\n")
    (folder / "latin.toml").write_bytes(b'a = 1\nb = "\xe9"\n')
    with pytest.raises(BadInput, match=match):
        load(name)


def test_set_is_a_last_layer(folder):
    (folder / "my.toml").write_text('extends = "base"\n[[shocks]]\nkind = "outage"\nstart_day = 1\n')
    sets = [
        "name=new",
        "depots.a.capacity_bbl = 7",
        "shocks[0].start_day=4",
        'depots.b={capacity_bbl=1, source="s"}',
    ]
    toy = validate(Toy, load("my.toml", sets))
    assert (toy.name, toy.depots["a"].capacity_bbl, toy.shocks[0].start_day) == ("new", 7, 4)
    assert toy.depots["b"].source == "s"


@pytest.mark.parametrize(
    ("item", "match"),
    [
        ("name", "must be key.path=value"),
        ("=3", "must be key.path=value"),
        ("name.x=1", "name is no table"),
        ("depots[0]=1", "depots is no list"),
        ("shocks[2].start_day=1", r"shocks has 1 entries; name one, from \[0\]"),
        ("shocks.start_day=1", "shocks has 1 entries"),
    ],
)
def test_a_set_that_fits_nowhere(folder, item, match):
    (folder / "my.toml").write_text('extends = "base"\n[[shocks]]\nkind = "outage"\nstart_day = 1\n')
    with pytest.raises(BadInput, match=match):
        load("my.toml", [item])


def test_lines_of_every_form():
    source = b'''a.b = 1
"q.x" = {z = [1, {k = 2}], y = 3}  # remark
[t.u]
c = [
  1,  # one
  {d = 1},
]
[[s]]
k = "x"
[s.w]
z = """
two lines"""
[[s]]
[[s.v]]
m = 1
[[s.v]]
"m n" = 1
'''
    lines = key_lines(source)
    assert lines[("a", "b")] == 1 and lines[("q.x", "z", 1, "k")] == 2
    assert lines[("t",)] == 3 and lines[("t", "u", "c", 0)] == 5 and lines[("t", "u", "c", 1, "d")] == 6
    assert lines[("s", 0)] == 8 and lines[("s", 0, "w", "z")] == 11
    assert lines[("s", 1)] == 13 and lines[("s", 1, "v", 1, "m n")] == 17


def key_paths(value: Any, path: tuple = ()) -> set[tuple]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return {path}.union(*(key_paths(entry, (*path, key)) for key, entry in entries))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
plain = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.dates()
    | st.datetimes()
    | st.times()
)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=4))
def test_writing_round_trips_and_every_key_has_a_line(table):
    text = dumps(table)
    assert tomllib.loads(text) == table
    assert set(key_lines(text.encode())) == key_paths(table) - {()}


def test_writing_is_readable():
    table = {"b": {"c": [{"x": 1}, {"x": 2.5}], "d": date(2024, 11, 4)}, "a": None, "e": [time(9), "é"]}
    assert (
        dumps(table) == 'e = [09:00:00, "é"]\n\n[b]\nd = 2024-11-04\n\n[[b.c]]\nx = 1\n\n[[b.c]]\nx = 2.5\n'
    )
    assert tomllib.loads(dumps({"t": datetime(2024, 11, 4, 9)}))["t"] == datetime(2024, 11, 4, 9)
