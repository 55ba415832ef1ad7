-- What upstreams may know and this database does not.

-- is_copy 1: a backup that no replica has been started on. restored_at_ms: when the first one was; NULL: it never
-- was a backup. What was unfinished or dead then may have been charged by a call that the backup knows nothing of.
ALTER TABLE state ADD COLUMN is_copy INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN restored_at_ms INTEGER;

-- called_at_ms: when the last call was written down, before it was made. uncertain_at_ms: the same of the last call
-- that may have charged the order and was not answered; NULL: there is none, or nobody knows when it was.
ALTER TABLE orders ADD COLUMN called_at_ms INTEGER;
ALTER TABLE orders ADD COLUMN uncertain_at_ms INTEGER;

-- The command whose reply it is: a purge forgets the keys of what it forgets.
ALTER TABLE idempotency_records ADD COLUMN command TEXT;
