"""Evidence packs and their offline verification."""
