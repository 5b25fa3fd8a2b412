"""Search providers behind one small protocol."""
