"""How well a new concept is learnt from a few examples, from the geometry of its manifold."""
