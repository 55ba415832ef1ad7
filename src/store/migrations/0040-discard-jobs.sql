-- What a job of many dead letters does with each: requeue or discard. `requeued` counts those it was done with.
ALTER TABLE requeue_jobs
  ADD COLUMN action TEXT NOT NULL DEFAULT 'requeue' CHECK (action IN ('requeue', 'discard'));
