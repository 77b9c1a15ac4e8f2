"""The matching kernels: jitted functions on arrays, and nothing else."""
