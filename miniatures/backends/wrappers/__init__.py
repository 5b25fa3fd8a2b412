"""What is added to a backend by wrapping it: retries, limits, budgets, records and a second choice."""
