"""Named model weights: pulled, verified, merged with an adapter, listed."""
