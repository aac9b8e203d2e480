"""The kinds of store and key ring that Tabard can use; `tabard.vault.stores` chooses by configuration."""
