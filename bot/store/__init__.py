"""The database: the only part that knows SQL."""
