-- Section E: wallets. The money is in the ledger's account of the same id.
CREATE TABLE wallets (
  account_id    INTEGER PRIMARY KEY,
  uuid          BLOB    NOT NULL UNIQUE CHECK (length(uuid) = 16),
  created_at_ms INTEGER NOT NULL
) STRICT;

-- id: a UUID of version 7, so the order of the key is the order in which operations were accepted.
-- type: 1 deposit, 2 withdrawal. status: 1 applied (the ledger's transfer has the same id), 2 rejected.
CREATE TABLE wallet_operations (
  account_id          INTEGER NOT NULL,
  id                  BLOB    NOT NULL CHECK (length(id) = 16),
  type                INTEGER NOT NULL CHECK (type IN (1, 2)),
  amount_cents        INTEGER NOT NULL CHECK (amount_cents > 0),
  status              INTEGER NOT NULL CHECK (status IN (1, 2)),
  reason              TEXT,
  balance_after_cents INTEGER NOT NULL,
  created_at_ms       INTEGER NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
