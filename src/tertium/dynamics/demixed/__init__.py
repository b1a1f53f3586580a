"""Demixed principal components: what of a population goes with time, stimulus, decision, and their interaction."""
