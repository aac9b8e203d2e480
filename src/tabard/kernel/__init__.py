"""What every layer may use: ids, the clock, time spans and errors. Pure."""
