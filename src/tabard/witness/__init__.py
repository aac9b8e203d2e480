"""The witness: a small process, run by somebody else, that sees to it that a log only grows, and signs that it did."""
