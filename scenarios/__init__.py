"""Declare, run, measure and show."""
