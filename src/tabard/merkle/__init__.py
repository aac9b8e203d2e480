"""RFC 6962 trees, tiles, signed notes, checkpoints and proofs. Pure."""
