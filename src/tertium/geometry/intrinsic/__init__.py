"""How many coordinates a manifold has, however it is curved: from distances between near samples."""
