"""What is added to a backend by wrapping it: retries, limits, budgets and records."""
