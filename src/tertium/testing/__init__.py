"""Conformance suites: what every component of a kind must do, for ours and for third parties'."""
