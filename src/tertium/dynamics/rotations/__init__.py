"""Rotational dynamics: jPCA, and surrogates that keep everything but the dynamics (tensor maximum entropy)."""
