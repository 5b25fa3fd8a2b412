"""Hand-written training data: read, checked, multiplied, made into examples."""
