"""Settings, urls and the wiring of adapters; the only package that knows all the others."""
