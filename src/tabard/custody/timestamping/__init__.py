"""When did a checkpoint exist at the latest, according to somebody else? RFC 3161."""
