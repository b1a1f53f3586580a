"""The training loop and what it is made of: validation, lessons, optimisers, checkpoints, sinks."""
