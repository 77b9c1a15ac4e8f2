"""Audit of the estimators against known truth: designs with formulas, simulated worlds, scores, advice.

linear (designs as state spaces), designs (which there are), estimators (what is read off a sample), worlds (the grid
of the simulator's own worlds and its cache), score (bias, coverage, rank correlation, failures), audit (all of it),
advice (which estimator to trust). Import from the modules: nothing is imported here.
"""
