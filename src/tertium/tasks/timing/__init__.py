"""Measuring and producing intervals."""
