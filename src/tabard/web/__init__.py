"""Pages: parse input, make one domain call, present."""
