"""Connectivity of low rank: its parts, its populations, the latent variables it carries, and how strong it is."""
