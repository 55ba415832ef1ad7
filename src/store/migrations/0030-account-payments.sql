-- Section D: account payments, whose result somebody may wait for.

-- state: 0 pending, 1 completed, 2 rejected. final_seq counts the final ones in the order of their commits, over
-- all replicas: what became final since a number is one look at its index.
CREATE TABLE account_payments (
  seq             INTEGER PRIMARY KEY AUTOINCREMENT,
  id              BLOB    NOT NULL UNIQUE,
  user_id         BLOB    NOT NULL,
  account_number  TEXT    NOT NULL,
  amount_cents    INTEGER NOT NULL CHECK (amount_cents > 0),
  description     TEXT,
  created_at_ms   INTEGER NOT NULL,
  state           INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
  processed_at_ms INTEGER,
  details         TEXT,
  calls           INTEGER NOT NULL DEFAULT 0,
  last_error      TEXT,
  final_seq       INTEGER,
  CHECK ((state = 0) = (final_seq IS NULL) AND (state = 0) = (processed_at_ms IS NULL))
) STRICT;
CREATE UNIQUE INDEX account_payments_final ON account_payments (final_seq) WHERE final_seq IS NOT NULL;
