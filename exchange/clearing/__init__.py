"""The clearing house: accounts, settlement, margin, limits at order entry, default, reduction and early warning."""
