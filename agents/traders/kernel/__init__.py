"""What traders do, compiled: one file for each trader class, and the session that calls them in the order of time."""
