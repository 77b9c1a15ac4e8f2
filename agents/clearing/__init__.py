"""The clearing house of a running market: whose account is whose, calls, forced orders, expiry and early warning."""
