"""How descriptions become arrays: laying trials out over time, and making batches ahead of the step."""
