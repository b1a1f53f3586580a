"""Point-process models of spike trains: stimulus, history and coupling filters, and tests of their fit."""
