"""The database. No other package writes SQL."""
