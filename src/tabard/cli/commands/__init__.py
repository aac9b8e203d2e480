"""The commands, one module a noun; Django is imported inside them, so that `tabard verify` needs no database."""
