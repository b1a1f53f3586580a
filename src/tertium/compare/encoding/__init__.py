"""Encoding models: responses predicted from features, unit by unit, within memory."""
