"""Several models scored against several subjects by any measure, and how sure one can be of it."""
