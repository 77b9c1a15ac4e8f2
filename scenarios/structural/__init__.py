"""Structural measures of influence: what the model itself knows, by comparing whole worlds; no econometrics."""
