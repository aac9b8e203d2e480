"""What docks ask besides sending: signing in, what became of a file, erase permits, reports."""
