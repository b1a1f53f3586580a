"""Sequences: memories that are set and reset, sums, copies, regular languages, sine waves."""
