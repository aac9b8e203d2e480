"""The doors footage comes in by."""
