"""Loaders of recorded sounds."""
