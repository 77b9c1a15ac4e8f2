"""The compiled trader population: one structured state record and the kernels that advance it."""
