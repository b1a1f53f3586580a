"""The shape of a cloud of states: its loops, and coordinates along them."""
