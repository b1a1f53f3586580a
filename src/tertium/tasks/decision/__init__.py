"""Perceptual decisions."""
