"""Loaders of the weights of trained networks."""
