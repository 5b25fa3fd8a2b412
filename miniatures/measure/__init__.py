"""Statistics, reports and plots."""
