"""Loaders of pictures without recordings."""
