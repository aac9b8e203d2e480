-- What the agent remembers. It can be lost without harm: what is on a card is hashed again, and the server is asked
-- whether it has those bytes. So an older or newer shape is not migrated but begun anew.
CREATE TABLE IF NOT EXISTS file (
  id INTEGER PRIMARY KEY,
  card TEXT NOT NULL,
  path TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  glance TEXT NOT NULL,
  sha256 TEXT NOT NULL DEFAULT '',
  spooled TEXT NOT NULL DEFAULT '',
  upload TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',
  object_id TEXT NOT NULL DEFAULT '',
  differs TEXT NOT NULL DEFAULT '',
  erased_at TEXT NOT NULL DEFAULT '',
  changed_at TEXT NOT NULL,
  UNIQUE (card, path, size_bytes, modified_ns, glance)
) STRICT;

-- An erasure that the server has not been told of. It is written before a file is unlinked, and its outcome after.
CREATE TABLE IF NOT EXISTS erasure (
  permit TEXT PRIMARY KEY,
  file INTEGER NOT NULL REFERENCES file (id),
  outcome TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT '',
  at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS said (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
