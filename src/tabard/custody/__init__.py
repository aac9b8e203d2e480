"""The tamper-evident log: events, sequencing, checkpoints, proofs."""
