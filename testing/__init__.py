"""Builders that the tests and the benchmark share; nothing here is used by a release."""
