"""Where states move to: simulation, flow fields, nullclines, and their pictures."""
