"""Avalanches: cutting them out, the laws of their sizes and durations, their shapes, branching."""
