"""What the requests of tracked emails mean: raw hits in, classes and bounds out, by rules that have a version."""
