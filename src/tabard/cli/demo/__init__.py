"""The demonstration: the whole product on a small force that does not exist, one step after another."""
