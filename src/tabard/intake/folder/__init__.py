"""The folder door: a card, or an export from another system, taken in file by file and reconciled at its end."""
