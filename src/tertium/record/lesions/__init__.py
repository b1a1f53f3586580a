"""Lesions: units silenced, clamped or disturbed while a network is watched."""
