"""Loaders of wiring diagrams."""
