-- Answers to requests that carried an Idempotency-Key, written in the transaction of their effect.
-- scope: SHA-256 of caller, route and key. fingerprint: SHA-256 of the body. reply: the command's reply in JSON.
CREATE TABLE idempotency_records (
  scope         BLOB    PRIMARY KEY,
  fingerprint   BLOB    NOT NULL,
  reply         TEXT    NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_records_expiring ON idempotency_records (expires_at_ms);
