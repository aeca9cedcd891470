"""The database's changes of form, run at start."""
