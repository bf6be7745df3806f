-- Ids and hashes collate "C": their order is then the same on every server, which paging by key needs.

create table indicators (
  indicator_id text collate "C" primary key check (indicator_id <> ''),
  name text not null,
  input jsonb not null check (jsonb_typeof(input) = 'object'),
  input_hash text not null,
  run_id text collate "C" not null,
  -- When the result that came from this input was made: older never replaces newer.
  classified_at timestamptz not null
);

create table classifications (
  indicator_id text collate "C" primary key check (indicator_id <> ''),
  name text not null,
  type text not null,
  family text not null,
  temporal_aggregation text not null,
  time_basis text not null,
  orientation text not null,
  unit_kind text not null,
  unit_scale double precision not null check (unit_scale > 0),
  unit_currency text,
  unit_per text,
  frequency text not null,
  cumulative_pattern text not null,
  cumulative_reset_month smallint check (cumulative_reset_month between 1 and 12),
  confidence double precision not null check (confidence between 0 and 1),
  source text not null check (source in ('rules', 'reuse', 'model', 'escalation', 'person')),
  status text not null check (status in ('accepted', 'needs-review')),
  issues jsonb not null check (jsonb_typeof(issues) = 'array'),
  reason text not null,
  model text,
  codebook_version text not null,
  prompt_version text not null,
  run_id text collate "C" not null,
  classified_at timestamptz not null,
  input_hash text not null,
  mode text not null check (mode in ('rules', 'hybrid', 'model')),
  asked_model text,
  unanswered boolean not null
);

create index classifications_needs_review on classifications (indicator_id) where status = 'needs-review';

-- One row for each indicator and run. run_started_at is the same for all of a run, so the key holds on a hypertable too.
create table classification_history (
  indicator_id text collate "C" not null check (indicator_id <> ''),
  name text not null,
  type text not null,
  family text not null,
  temporal_aggregation text not null,
  time_basis text not null,
  orientation text not null,
  unit_kind text not null,
  unit_scale double precision not null check (unit_scale > 0),
  unit_currency text,
  unit_per text,
  frequency text not null,
  cumulative_pattern text not null,
  cumulative_reset_month smallint check (cumulative_reset_month between 1 and 12),
  confidence double precision not null check (confidence between 0 and 1),
  source text not null check (source in ('rules', 'reuse', 'model', 'escalation', 'person')),
  status text not null check (status in ('accepted', 'needs-review')),
  issues jsonb not null check (jsonb_typeof(issues) = 'array'),
  reason text not null,
  model text,
  codebook_version text not null,
  prompt_version text not null,
  run_id text collate "C" not null check (run_id <> ''),
  classified_at timestamptz not null,
  input_hash text not null,
  mode text not null check (mode in ('rules', 'hybrid', 'model')),
  asked_model text,
  unanswered boolean not null,
  run_started_at timestamptz not null,
  primary key (run_id, indicator_id, run_started_at)
);

create index classification_history_by_indicator on classification_history (indicator_id, run_started_at desc);

create table llm_requests (
  request_id text collate "C" not null check (request_id <> ''),
  requested_at timestamptz not null,
  run_id text collate "C" not null,
  batch_id text collate "C" not null,
  model text not null,
  tier text not null check (tier in ('primary', 'escalation')),
  indicators integer not null check (indicators >= 0),
  input_tokens bigint not null check (input_tokens >= 0),
  cached_input_tokens bigint not null check (cached_input_tokens >= 0),
  output_tokens bigint not null check (output_tokens >= 0),
  cost_usd numeric not null check (cost_usd >= 0),
  latency_ms double precision not null check (latency_ms >= 0),
  outcome text not null,
  primary key (request_id, requested_at)
);

create index llm_requests_by_run on llm_requests (run_id, requested_at);
create index llm_requests_by_time on llm_requests (requested_at desc);

create table answers (
  shape_hash text collate "C" primary key check (shape_hash <> ''),
  shape text not null,
  type text not null,
  temporal_aggregation text not null,
  orientation text not null,
  confidence_type double precision not null check (confidence_type between 0 and 1),
  confidence_temporal_aggregation double precision not null check (confidence_temporal_aggregation between 0 and 1),
  confidence_orientation double precision not null check (confidence_orientation between 0 and 1),
  reason text not null,
  source text not null check (source in ('model', 'escalation', 'person')),
  model text,
  codebook_version text not null,
  prompt_version text not null,
  answered_at timestamptz not null
);

create table runs (
  run_id text collate "C" primary key check (run_id <> ''),
  started_at timestamptz not null
);

create index runs_by_time on runs (started_at desc);

-- A run's totals are the sums over its batches, so a batch that is saved twice counts once.
create table run_batches (
  run_id text collate "C" not null check (run_id <> ''),
  batch_id text collate "C" not null check (batch_id <> ''),
  saved_at timestamptz not null,
  indicators integer not null check (indicators >= 0),
  classified integer not null check (classified >= 0),
  unchanged integer not null check (unchanged >= 0),
  needs_review integer not null check (needs_review >= 0),
  from_rules integer not null check (from_rules >= 0),
  from_reuse integer not null check (from_reuse >= 0),
  from_model integer not null check (from_model >= 0),
  from_escalation integer not null check (from_escalation >= 0),
  from_person integer not null check (from_person >= 0),
  model_requests integer not null check (model_requests >= 0),
  input_tokens bigint not null check (input_tokens >= 0),
  cached_input_tokens bigint not null check (cached_input_tokens >= 0),
  output_tokens bigint not null check (output_tokens >= 0),
  cost_usd numeric not null check (cost_usd >= 0),
  primary key (run_id, batch_id)
);
