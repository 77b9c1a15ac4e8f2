"""Venues and their rules. Knows no agent, no scenario, no plot."""
