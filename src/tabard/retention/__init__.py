"""How long footage is kept, what holds it, and its disposal."""
