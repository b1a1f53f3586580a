"""Models of several feature spaces: strengths of bands by gradient, and stacks of one regression a space."""
