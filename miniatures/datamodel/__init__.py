"""The ground floor: what everything else passes around, one concept a file, and nothing of ours imported."""
