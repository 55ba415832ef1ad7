-- Tasks that only one replica can do, because what they need lives in its memory (an order's card). NULL: any.
ALTER TABLE tasks ADD COLUMN home INTEGER;

-- Topics: an append-only log. Offsets of a partition have no gaps and are never used again. The numbers of the
-- topics are in src/modules/topics/topics.ts.
CREATE TABLE topic_messages (
  topic          INTEGER NOT NULL,
  partition      INTEGER NOT NULL,
  message_offset INTEGER NOT NULL,
  key            TEXT    NOT NULL,
  value          TEXT    NOT NULL,
  headers        TEXT    NOT NULL,
  at_ms          INTEGER NOT NULL,
  PRIMARY KEY (topic, partition, message_offset)
) STRICT, WITHOUT ROWID;

-- One row per partition that ever had a message. published_offset belongs to the database, not to a replica:
-- messages below it have been published elsewhere; whoever publishes moves it in a transaction of its own.
CREATE TABLE topic_partitions (
  topic            INTEGER NOT NULL,
  partition        INTEGER NOT NULL,
  next_offset      INTEGER NOT NULL,
  published_offset INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;

-- What ended badly, one row per thing for ever: is_open 0 means requeued, and the same row opens again if it
-- dies again.
CREATE TABLE dead_letters (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  source           TEXT    NOT NULL,
  subject          TEXT    NOT NULL,
  is_open          INTEGER NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1)),
  error_name       TEXT    NOT NULL,
  error_message    TEXT    NOT NULL,
  error_code       TEXT    NOT NULL,
  original_topic   TEXT,
  original_message TEXT    NOT NULL,
  attempts         INTEGER NOT NULL,
  deaths           INTEGER NOT NULL DEFAULT 1,
  first_died_at_ms INTEGER NOT NULL,
  died_at_ms       INTEGER NOT NULL,
  UNIQUE (source, subject)
) STRICT;
CREATE INDEX dead_letters_open ON dead_letters (died_at_ms, id) WHERE is_open = 1;

-- Attempts, deaths and administrator's actions of a dead letter.
CREATE TABLE dead_letter_events (
  id        INTEGER PRIMARY KEY,
  letter_id INTEGER NOT NULL,
  at_ms     INTEGER NOT NULL,
  event     TEXT    NOT NULL,
  outcome   TEXT,
  code      TEXT,
  who       TEXT
) STRICT;
CREATE INDEX dead_letter_events_of ON dead_letter_events (letter_id);

-- Requeues of many dead letters. state: 0 running, 1 done, 2 cancelled. Letters up to last_id are looked at.
CREATE TABLE requeue_jobs (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  created_at_ms INTEGER NOT NULL,
  who           TEXT    NOT NULL,
  filter        TEXT    NOT NULL,
  per_second    INTEGER NOT NULL,
  matched       INTEGER NOT NULL,
  requeued      INTEGER NOT NULL DEFAULT 0,
  refused       INTEGER NOT NULL DEFAULT 0,
  last_id       INTEGER NOT NULL DEFAULT 0,
  worked_at_ms  INTEGER NOT NULL,
  state         INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
  ended_at_ms   INTEGER
) STRICT;
CREATE INDEX requeue_jobs_running ON requeue_jobs (id) WHERE state = 0;

-- Who did what, and when; rows are only ever added.
CREATE TABLE audit_log (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms   INTEGER NOT NULL,
  who     TEXT    NOT NULL,
  action  TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  result  TEXT    NOT NULL
) STRICT;
