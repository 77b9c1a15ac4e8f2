"""The command line `yangshan`: each verb is a thin wrapper over a public function."""

from scenarios.cli.app import app, main

__all__ = ["app", "main"]
