"""Physical gas: suppliers, LNG voyages, terminals, demand, importers and the JKM assessment."""
