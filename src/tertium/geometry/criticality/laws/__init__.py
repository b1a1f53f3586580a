"""Discrete power laws and other tails: fits, tests, draws."""
