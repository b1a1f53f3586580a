"""How much populations tell: pooled over sessions, by number of neurons, against the bound on any decoder."""
