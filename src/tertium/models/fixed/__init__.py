"""Networks that learn nothing: what a trained network must be better than."""
