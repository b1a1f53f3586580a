"""What single units tell: tuning curves, sparseness, directions, discriminability, information, mixed selectivity."""
