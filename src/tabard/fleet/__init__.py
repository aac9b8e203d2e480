"""Cameras, docks, and who wore which camera when."""
