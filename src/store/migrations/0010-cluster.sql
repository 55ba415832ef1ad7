-- Several replicas on this database: counters in Redis, turns at the processors' health, purges.

-- One row. counter_epoch names the history that the counters in Redis were built from: a new one with every
-- purge and whenever that history is broken; NULL while no replica uses Redis. counter_seq is the number of
-- the last delta of that history.
CREATE TABLE cluster (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  database_id   TEXT    NOT NULL,
  counter_epoch TEXT,
  counter_seq   INTEGER NOT NULL
) STRICT;
INSERT INTO cluster (id, database_id, counter_epoch, counter_seq) VALUES (1, lower(hex(randomblob(8))), NULL, 0);

-- What settlements add to the counters, one row per transaction that settled any: JSON
-- [[requested_at_ms, default_count, default_cents, fallback_count, fallback_cents], …]. Rows stay for some
-- seconds after Redis has them, because a reader completes an older answer of Redis with them.
CREATE TABLE payment_counter_outbox (
  seq    INTEGER PRIMARY KEY,
  at_ms  INTEGER NOT NULL,
  deltas TEXT    NOT NULL
) STRICT;

-- Who may ask a processor for its health, and what it last said: 1 default, 2 fallback.
CREATE TABLE health_turns (
  processor       INTEGER PRIMARY KEY,
  owner           INTEGER,
  granted_at_ms   INTEGER NOT NULL DEFAULT 0,
  next_at_ms      INTEGER NOT NULL DEFAULT 0,
  failing         INTEGER NOT NULL DEFAULT 0,
  min_response_ms REAL    NOT NULL DEFAULT 0,
  seen_at_ms      INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO health_turns (processor) VALUES (1), (2);

-- Payments whose frames stand below this position of the replica's ring were purged before they were taken in.
ALTER TABLE replicas ADD COLUMN purge_position INTEGER;
