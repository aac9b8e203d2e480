"""Tabard: body-worn video for a police force. ARCHITECTURE.md is the map."""
