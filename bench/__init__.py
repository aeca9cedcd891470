"""Benchmarks, each against a peer in the same run; never asserted in the tests."""
