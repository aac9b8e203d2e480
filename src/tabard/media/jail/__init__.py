"""How is foreign footage looked into without being trusted? Only by a child process behind walls.

The one door is `runner.run`:

    run(task, params, source, source_size, scratch, limits, accept_missing, on_progress=None)
        task            "probe" | "stills" | "rendition" | "clip" | "packets" | "read"
        params          {} except for clip: {"start_s": float, "end_s": float}; packets may have {"positions": True}
        source          read(start, stop) -> bytes, called in the caller's own thread
        source_size     size of the footage in bytes
        scratch         a folder on the disk where an unnamed output file may live
        limits          limits.Limits(): memory, processor time, wall time, output size, pixels
        accept_missing  False: JailIncomplete where the kernel offers less than every wall
        on_progress     called with 0.0 to 1.0
      -> JailResult(facts: dict, output: BinaryIO | None), output positioned at its start; close it

It raises `errors.CannotDecode` (bad footage, `fields["reason"]` in words), `errors.DecoderKilled` (out of memory,
out of time, crashed), `errors.JailIncomplete`, `Invalid` for bad parameters, and whatever `source` raised.
The shapes of the facts are in `facts`; the walls' state for an administrator comes from `walls.available_walls()`.
Nothing is imported here, because the child imports this package and its start must be quick.
"""
