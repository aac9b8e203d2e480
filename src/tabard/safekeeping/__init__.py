"""Keeping what is sealed: copies read back, bit rot found and mended, keys rotated, backups that can be restored.

What the vault does here leaves custody events, so this stands above both; the two do not know one another.
"""
