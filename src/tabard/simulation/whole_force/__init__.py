"""A whole force with a year of footage's records, from a seed: what every measurement at full size stands on.

Nothing here films: recordings have their metadata and no bytes (`footage`). What is made is the same for the same seed,
ids included, and says of itself that it is simulated.
"""
