-- Which process drives a run, until when its lease holds, and what people want of the run, so that a run is paused, stopped and
-- taken over from any process. Runs of callers who send batches by themselves have none of it.
alter table runs
  add column catalogue text,
  -- Name and version, such as economic-indicators@2.
  add column codebook text,
  -- The command that drives the run, such as "classify prices.csv".
  add column command text,
  -- The number of indicators in the catalogue of the run.
  add column size bigint check (size >= 0),
  add column wanted text not null default 'running' check (wanted in ('running', 'paused', 'stopped')),
  -- The holder of the lease: token, host, pid, machine and since. Null once it has let the run go.
  add column driver jsonb check (jsonb_typeof(driver) = 'object'),
  add column driver_expires_at timestamptz,
  -- How the last driver let the run go. Null before that, and while a driver holds it.
  add column outcome text check (outcome in ('complete', 'incomplete', 'stopped', 'interrupted'));
