-- The ledger of sections C and E: double entry over integer cents.
--
--   ledger_transfers   what happened, once per id        ┐ append-only: no row is ever changed or deleted
--   ledger_entries     on which account, how much        ┘ (the entries of a transfer sum to zero)
--   ledger_accounts    what that adds up to by now
--   ledger_holds       money that is set aside until it is posted, released or expires: exactly one of them

-- kind: 1 outside world, 2 fees, 3 user, 4 wallet. Only the outside world may be negative.
CREATE TABLE ledger_accounts (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  kind          INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
  balance_cents INTEGER NOT NULL DEFAULT 0,
  held_cents    INTEGER NOT NULL DEFAULT 0 CHECK (held_cents >= 0),
  CHECK (kind = 1 OR balance_cents >= held_cents)
) STRICT;
INSERT INTO ledger_accounts (id, kind) VALUES (1, 1), (2, 2);

-- id: a UUID's 16 bytes, made by whoever asks for the transfer. reference: the row of the module that it is about.
-- kind: 1 opening balance, 2 deposit, 3 withdrawal (users); 4 deposit, 5 withdrawal (wallets).
CREATE TABLE ledger_transfers (
  seq       INTEGER PRIMARY KEY,
  id        BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
  kind      INTEGER NOT NULL,
  reference INTEGER,
  at_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE ledger_entries (
  account_id          INTEGER NOT NULL,
  transfer_seq        INTEGER NOT NULL,
  cents               INTEGER NOT NULL CHECK (cents <> 0),
  balance_after_cents INTEGER NOT NULL,
  PRIMARY KEY (account_id, transfer_seq)
) STRICT, WITHOUT ROWID;

-- status: 0 held, 1 posted, 2 released, 3 expired.
CREATE TABLE ledger_holds (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id     INTEGER NOT NULL,
  cents          INTEGER NOT NULL CHECK (cents > 0),
  status         INTEGER NOT NULL DEFAULT 0 CHECK (status IN (0, 1, 2, 3)),
  created_at_ms  INTEGER NOT NULL,
  expires_at_ms  INTEGER,
  resolved_at_ms INTEGER
) STRICT;
CREATE INDEX ledger_holds_expiring ON ledger_holds (expires_at_ms) WHERE status = 0 AND expires_at_ms IS NOT NULL;

CREATE TRIGGER ledger_transfers_no_update BEFORE UPDATE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'ledger_transfers is append-only'); END;
CREATE TRIGGER ledger_transfers_no_delete BEFORE DELETE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'ledger_transfers is append-only'); END;
CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
CREATE TRIGGER ledger_holds_once BEFORE UPDATE ON ledger_holds WHEN OLD.status <> 0
BEGIN SELECT RAISE(ABORT, 'a hold is resolved once'); END;
CREATE TRIGGER ledger_holds_no_delete BEFORE DELETE ON ledger_holds
BEGIN SELECT RAISE(ABORT, 'ledger_holds is append-only'); END;
