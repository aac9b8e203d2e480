"""Is the log what it was? What `custody.verify` is made of: rows, places, tree, tiles and signed heads."""
