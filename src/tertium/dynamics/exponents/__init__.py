"""How nearby states part: Lyapunov spectra, kinds of attractors, times of correlation."""
