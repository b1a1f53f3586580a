"""Decoders by one contract: fitted to samples of a fold, then asked about others."""
