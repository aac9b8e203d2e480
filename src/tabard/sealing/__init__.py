"""The sealed-object format and the keys that open it. Pure."""
