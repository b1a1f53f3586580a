"""Decoding: what can be read from the responses of a population, on trials that were not fitted, and against chance."""
