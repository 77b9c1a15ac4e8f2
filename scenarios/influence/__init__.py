"""Estimators of price-setting influence: pure functions from pandas objects to frozen results.

sampling (one clock), information (information shares), whole_day (hours that overlap in part), spillover,
bands, joint, tvp (variance spillovers), leadlag, entropy, granger, liquidity; times, panel, vecm, johansen,
shares and var lie beneath. Import from the modules: nothing is imported here, so that a command's help need
not wait for pandas.
"""
