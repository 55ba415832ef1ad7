-- Section C: users, their deposits and withdrawals through the payment gateway.

CREATE TABLE users (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id    INTEGER NOT NULL UNIQUE,
  created_at_ms INTEGER NOT NULL
) STRICT;

-- type: 1 deposit, 2 withdrawal. status: 0 new, 1 processing, 2 success, 3 failed.
-- uuid: the Idempotency-Key of every call to the gateway, and the id of the ledger's transfer.
CREATE TABLE user_payments (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid             BLOB    NOT NULL UNIQUE CHECK (length(uuid) = 16),
  user_id          INTEGER NOT NULL,
  type             INTEGER NOT NULL CHECK (type IN (1, 2)),
  amount_cents     INTEGER NOT NULL CHECK (amount_cents > 0),
  commission_cents INTEGER NOT NULL CHECK (commission_cents >= 0),
  status           INTEGER NOT NULL DEFAULT 0 CHECK (status IN (0, 1, 2, 3)),
  hold_id          INTEGER,
  attempts         INTEGER NOT NULL DEFAULT 0,
  last_error       TEXT,
  created_at_ms    INTEGER NOT NULL,
  ended_at_ms      INTEGER
) STRICT;

-- Calls to the gateway that did not end well; they move to the dead letter if the payment fails for good.
CREATE TABLE user_payment_attempts (
  id         INTEGER PRIMARY KEY,
  payment_id INTEGER NOT NULL,
  at_ms      INTEGER NOT NULL,
  outcome    TEXT    NOT NULL,
  code       TEXT    NOT NULL
) STRICT;
CREATE INDEX user_payment_attempts_of ON user_payment_attempts (payment_id);

-- GET /api/v1/metrics: counted in the transaction of what they count.
CREATE TABLE user_counters (
  name  TEXT    PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
