"""From a frozen dataset to an adapter and its card."""
