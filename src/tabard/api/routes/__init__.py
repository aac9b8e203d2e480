"""The operations, by noun: parse, make one domain call, answer."""
