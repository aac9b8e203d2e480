"""What `tabard simulate` does, step by step."""
