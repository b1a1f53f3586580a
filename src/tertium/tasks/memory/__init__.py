"""Working memory: compare, match, report after a delay."""
