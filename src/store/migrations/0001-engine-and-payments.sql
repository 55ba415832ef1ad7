-- The engine: replicas, the durable queue. Section A: payments and their rollups.

-- One row per replica that ever opened this database. ring_position is the count of 8-byte units of the
-- replica's intake ring whose effects are in this database; it changes in the transaction of the effects.
CREATE TABLE replicas (
  id              INTEGER PRIMARY KEY,
  name            TEXT    NOT NULL UNIQUE,
  epoch           INTEGER NOT NULL,
  lease_until_ms  INTEGER NOT NULL,
  ring_generation TEXT    NOT NULL,
  ring_position   INTEGER NOT NULL
) STRICT;

-- Facts of the whole database: one row.
CREATE TABLE state (
  id               INTEGER PRIMARY KEY CHECK (id = 1),
  purge_generation INTEGER NOT NULL
) STRICT;
INSERT INTO state (id, purge_generation) VALUES (1, 0);

-- Everything that still has to happen. lease_owner NULL: nobody has it, any replica may take it when due.
-- upstream is written before the call: the only one that may have seen the subject (0 none).
CREATE TABLE tasks (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  kind               INTEGER NOT NULL,
  subject            INTEGER NOT NULL,
  attempts           INTEGER NOT NULL DEFAULT 0,
  added_at_ms        INTEGER NOT NULL,
  next_attempt_at_ms INTEGER NOT NULL,
  lease_owner        INTEGER,
  upstream           INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX tasks_free ON tasks (kind, next_attempt_at_ms) WHERE lease_owner IS NULL;

-- status: 0 pending, 1 settled, 2 dead. processor: 0 none, 1 default, 2 fallback.
CREATE TABLE payments (
  seq             INTEGER PRIMARY KEY AUTOINCREMENT,
  correlation_id  BLOB    NOT NULL UNIQUE,
  amount_cents    INTEGER NOT NULL CHECK (amount_cents > 0),
  status          INTEGER NOT NULL DEFAULT 0 CHECK (status IN (0, 1, 2)),
  processor       INTEGER NOT NULL DEFAULT 0,
  accepted_at_ms  INTEGER NOT NULL,
  requested_at_ms INTEGER,
  settled_at_ms   INTEGER,
  fee_cents       INTEGER,
  attempts        INTEGER NOT NULL DEFAULT 0,
  last_error      TEXT
) STRICT;

-- What a payment's own row does not tell: attempts that did not settle it, repeats of the request.
CREATE TABLE payment_events (
  id              INTEGER PRIMARY KEY,
  payment_seq     INTEGER NOT NULL,
  at_ms           INTEGER NOT NULL,
  event           TEXT    NOT NULL,
  processor       INTEGER NOT NULL DEFAULT 0,
  outcome         TEXT,
  code            TEXT,
  latency_ms      REAL,
  amount_cents    INTEGER
) STRICT;
CREATE INDEX payment_events_of ON payment_events (payment_seq);

-- Settled payments by requested_at_ms: level n counts buckets of 64^n ms. Level 0 makes every window exact.
CREATE TABLE payment_rollups (
  level          INTEGER NOT NULL,
  bucket         INTEGER NOT NULL,
  default_count  INTEGER NOT NULL,
  default_cents  INTEGER NOT NULL,
  fallback_count INTEGER NOT NULL,
  fallback_cents INTEGER NOT NULL,
  PRIMARY KEY (level, bucket)
) STRICT, WITHOUT ROWID;
