"""Dissimilarities between patterns as plain numerics: arrays in, condensed vectors out; no labels, no xarray."""
