"""A witness: a small process, run by someone else, that cosigns what a log shows it and refuses a second history."""
