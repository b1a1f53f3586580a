"""How many manifolds a linear readout can tell apart, by mean-field theory and by simulation."""
