"""A whole network from inputs to outputs: one matrix, in blocks of time where memory is short."""
