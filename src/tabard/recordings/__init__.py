"""What one trigger of one camera produced: recordings, segments, categories, bookmarks, tracks."""
