"""What the formats share: atomic writing, what a file really is, a table in pieces, arrays and recordings to tables."""
