"""Sealed objects in a store, and the keys that open them."""
