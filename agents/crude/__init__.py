"""Physical crude: cargoes, voyages, delivery bases and the importer who links them to futures."""
