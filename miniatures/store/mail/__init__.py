"""What leaves and what comes back, as it is stored."""
