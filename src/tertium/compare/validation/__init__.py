"""What encoding and decoding share: one cross-validation for all, and scores with ceilings and intervals."""
