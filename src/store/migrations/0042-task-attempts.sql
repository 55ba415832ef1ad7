-- Every call for a task, as it came out: kept as long as its subject. Up to 100 per subject are noted (the table of
-- limits), later ones only count in the subject's own row.

-- kind: as in tasks. task_id: the task that it was made for; a requeue makes a new one, so this tells lives apart.
-- at_ms: when its outcome was written down. is_lookup: it only asked. status, excerpt: of the answer, if there was one;
-- the excerpt has no card in it. latency_ms NULL: no call was made, or nobody measured it.
CREATE TABLE task_attempts (
  kind       INTEGER NOT NULL,
  subject    INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  task_id    INTEGER NOT NULL,
  at_ms      INTEGER NOT NULL,
  is_lookup  INTEGER NOT NULL DEFAULT 0 CHECK (is_lookup IN (0, 1)),
  outcome    TEXT    NOT NULL,
  code       TEXT,
  status     INTEGER,
  latency_ms REAL,
  excerpt    TEXT,
  PRIMARY KEY (kind, subject, number)
) STRICT, WITHOUT ROWID;

-- Two modules noted failed attempts in tables of their own.
INSERT INTO task_attempts (kind, subject, number, task_id, at_ms, outcome, code)
  SELECT 2, a.payment_id, row_number() OVER (PARTITION BY a.payment_id ORDER BY a.id), coalesce(t.id, 0), a.at_ms,
         a.outcome, a.code
    FROM user_payment_attempts a
    LEFT JOIN (SELECT subject, max(id) AS id FROM tasks WHERE kind = 2 GROUP BY subject) t ON t.subject = a.payment_id;
INSERT INTO task_attempts (kind, subject, number, task_id, at_ms, outcome, code)
  SELECT 3, a.order_seq, row_number() OVER (PARTITION BY a.order_seq ORDER BY a.id), coalesce(t.id, 0), a.at_ms,
         a.outcome, a.code
    FROM order_attempts a
    LEFT JOIN (SELECT subject, max(id) AS id FROM tasks WHERE kind = 3 GROUP BY subject) t ON t.subject = a.order_seq;
DROP TABLE user_payment_attempts;
DROP TABLE order_attempts;

-- The same of attempts that did not settle a payment of section A.
ALTER TABLE payment_events ADD COLUMN is_lookup INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment_events ADD COLUMN status INTEGER;
ALTER TABLE payment_events ADD COLUMN excerpt TEXT;
