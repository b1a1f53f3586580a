"""Linear operators that carry a population's activity one step on, and how alike two of them are."""
