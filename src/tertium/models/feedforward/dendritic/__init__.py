"""Networks of excitatory units with soma and dendrite, and of interneurons for each of the two."""
