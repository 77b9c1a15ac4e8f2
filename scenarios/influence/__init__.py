"""Estimators of price-setting influence: pure functions from pandas objects to frozen results."""
