"""The tus door: resumable uploads by docks, as `docs/reference/dock-protocol.md` says."""
