"""Loaders of what people and animals chose."""
