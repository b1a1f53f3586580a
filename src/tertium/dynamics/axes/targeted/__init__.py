"""Targeted dimensionality reduction: regress units on variables of the task, and turn coefficients into axes."""
