-- Whether the model's endpoint has given a run its first usable answer, and how it failed until then: one JSON document that the
-- replicas change under a lock of the row. Null: no request of the run was admitted yet, or a release without trials began it.
alter table runs add column trial jsonb check (jsonb_typeof(trial) = 'object');

-- Why the cluster is paused, in the endpoint's words, and since when without a break.
alter table rate_budget add column pause_reason text;
alter table rate_budget add column paused_since timestamptz;
-- Requests that the replica had in flight at its last renewal. Replicas of earlier releases leave the default.
alter table replicas add column in_flight integer not null default 0 check (in_flight >= 0);
