"""The dock agent: empties cameras on a station PC, and erases nothing without a permit. Knows no database or Django."""
