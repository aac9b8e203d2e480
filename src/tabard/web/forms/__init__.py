"""What may be typed, and what it becomes: one form for each act."""
