"""Loaders of recorded neurons and regions."""
