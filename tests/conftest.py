"""What holds for all tests: linear algebra on one thread, as in a run, so that floats do not depend on cores."""

from scenarios.ensemble import one_blas_thread

one_blas_thread()
