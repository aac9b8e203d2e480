"""The `tabard` command tree."""
