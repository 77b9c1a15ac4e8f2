"""The folder of a sweep: a file for each point as soon as it is measured, so that what was interrupted goes on.

It keeps and reads back; it measures nothing and draws nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from scenarios.grid import Point
from scenarios.results import Estimate, RunFolder, digest, git_commit, software
from scenarios.tomlfile import BadInput, toml_text

_PARTIAL = ".partial"
_FORMAT = 1


@dataclass(frozen=True)
class Finding:
    """One measure at one point: its estimate, or None and a note that says why."""

    measure: str
    label: str
    unit: str
    estimate: Estimate | None
    note: str = ""


class SweepFolder(RunFolder):
    """The folder of a sweep: OUT.partial until it is whole, and left there when the sweep is interrupted.

    Every file is written under another name and renamed. Raises BadInput at the start if OUT is there; if OUT.partial
    is there and not resumed; or if it is that of another sweep.
    """

    def __init__(self, path: str | Path, identity: Mapping[str, Any], *, resume: bool = False) -> None:
        super().__init__(path)
        whole = self.path.absolute()
        self._partial = whole.parent / f"{whole.name}{_PARTIAL}"
        self._identity = dict(identity)
        self._resume = resume
        self._sessions: list[dict[str, Any]] = []

    def __enter__(self) -> SweepFolder:
        if self.path.exists():
            raise BadInput([f"{self.path}: exists already; give another folder with --out"])
        if self._partial.exists():
            self._sessions = self._earlier()
        try:
            (self._partial / "points").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput([f"{self.path}: cannot be made: {error.strerror}"]) from None
        for left in self._partial.rglob("*.writing-*"):
            left.unlink(missing_ok=True)
        self._sessions.append({"command": " ".join(["yangshan", *sys.argv[1:]]), "commit": git_commit()})
        self._manifest()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._partial.rename(self.path)

    def opened(self, points: int) -> str:
        """Say where the sweep is kept, and what of it is there."""
        there = len(list((self._partial / "points").glob("*.json")))
        where = f"writing {self.path} ({self._shown} until it is whole)"
        if len(self._sessions) > 1:
            where = f"{there} of {points} points are there; {where}"
            if self._sessions[-1]["commit"] != self._sessions[-2]["commit"]:
                where += "\nNote: the code has changed since this sweep was begun."
        return where[0].upper() + where[1:]

    def has(self, point: Point) -> bool:
        """Return whether the point is measured."""
        return self._read(point) is not None

    def write_point(self, point: Point, measured: Mapping[str, Any]) -> None:
        """Write a point's file."""
        told = {"point": point.number, "settings": {k: toml_text(v) for k, v in point.settings.items()}}
        text = json.dumps({**told, "scenario_digest": digest(point.loaded.values), **measured}, indent=1)
        self._write(self._name(point), text + "\n")

    def point(self, point: Point) -> dict[str, Any]:
        """Return a point's file: findings (of Finding), and worlds. Raises LookupError for one that is not there."""
        found = self._read(point)
        if found is None:
            raise LookupError(f"point {point.number} is not measured")
        findings = []
        for entry in found["findings"]:
            estimate = entry["estimate"]
            findings.append(Finding(**entry | {"estimate": Estimate(**estimate) if estimate else None}))
        return {**found, "findings": findings}

    def finish(self, *, jobs: int, seconds: float) -> dict[str, Any]:
        """Write the manifest of the whole sweep and return it."""
        self._sessions[-1] |= {"jobs": jobs, "wall_seconds": seconds}
        return self._manifest()

    @property
    def _shown(self) -> str:
        return f"{self.path}{_PARTIAL}"

    def _name(self, point: Point) -> str:
        return f"points/{point.number:03}.json"

    def _read(self, point: Point) -> dict[str, Any] | None:
        try:
            found = json.loads((self._partial / self._name(point)).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return found if found.get("scenario_digest") == digest(point.loaded.values) else None

    def _earlier(self) -> list[dict[str, Any]]:
        """Return the sessions of the sweep that is there. Raises BadInput if it may not be gone on with."""
        try:
            manifest = json.loads((self._partial / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):
            raise BadInput([f"{self._shown}: is no sweep that can be resumed (no manifest.json)"]) from None
        if not self._resume:
            there = len(list((self._partial / "points").glob("*.json")))
            raise BadInput(
                [
                    f"{self._shown}: an interrupted sweep with {there} points; go on with --resume, or remove it"
                ]
            )
        problems = []
        for key, value in self._identity.items():
            before = manifest.get(key)
            if before != value:
                text = f"was {_short(before)}, now {_short(value)}"
                if key == "scenario_digest":
                    text = "the scenario or its --set is another one"
                problems.append(f"{self._shown}: {key}: {text}; a sweep is resumed as it was begun")
        if problems:
            raise BadInput(problems)
        return list(manifest["sessions"])

    def _manifest(self) -> dict[str, Any]:
        fixed = {"format": _FORMAT, "kind": "sweep", "versions": software(), "commit": git_commit()}
        manifest = {**fixed, **self._identity, "sessions": self._sessions}
        self._write("manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        return manifest

    def _write(self, name: str, text: str) -> None:
        path = self._partial / name
        path.parent.mkdir(exist_ok=True)
        writing = path.with_name(f"{path.name}.writing-{os.getpid()}")
        writing.write_text(text, encoding="utf-8", newline="\n")
        writing.replace(path)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}={','.join(values)}" for key, values in value.items())
    return str(value)


def partial_folder(path: str | Path) -> Path:
    """Return the name that a sweep's folder has until it is whole."""
    return Path(f"{path}{_PARTIAL}")


def next_sweep(parent: str | Path, name: str, *, resume: bool = False) -> Path:
    """Return the first of parent/name-sweep-1, -2 ... that is not there, nor begun; to resume, the last one begun."""
    number = 1
    while True:
        path = Path(parent) / f"{name}-sweep-{number}"
        if not path.exists() and not partial_folder(path).exists():
            break
        number += 1
    begun = [Path(parent) / f"{name}-sweep-{k}" for k in range(number - 1, 0, -1)]
    return next((folder for folder in begun if resume and partial_folder(folder).exists()), path)
