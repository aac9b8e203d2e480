"""A force that does not exist: cameras that film, dock and send over the real doors."""
