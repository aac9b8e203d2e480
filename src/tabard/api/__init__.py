"""The HTTP API: everything a screen can do, described by OpenAPI."""
