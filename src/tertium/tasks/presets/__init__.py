"""Tasks with exactly the numbers of a published network study."""
