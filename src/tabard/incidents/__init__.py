"""Crime reports, calls, stops and uses of force; their links to footage; exhibits."""
