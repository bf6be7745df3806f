-- What persons decided. A row is written once and stays: who, when, what was before and what after, and the indicator
-- as it was then, so that it can be exported as gold.
create table review_items (
  run_id text collate "C" not null check (run_id <> ''),
  indicator_id text collate "C" not null check (indicator_id <> ''),
  shape_hash text collate "C" not null check (shape_hash <> ''),
  decision text not null check (decision in ('accept', 'correct')),
  before jsonb not null check (jsonb_typeof(before) = 'object'),
  after jsonb not null check (jsonb_typeof(after) = 'object'),
  input jsonb not null check (jsonb_typeof(input) = 'object'),
  note text not null,
  decided_by text not null check (decided_by <> ''),
  decided_at timestamptz not null,
  codebook_version text not null,
  primary key (run_id, indicator_id)
);

create index review_items_by_indicator on review_items (indicator_id, decided_at desc);

-- The newest word of a person on each shape. The hash holds no model and no version, so that the word outlives them.
create table person_answers (
  shape_hash text collate "C" primary key check (shape_hash <> ''),
  shape text not null,
  type text not null,
  temporal_aggregation text not null,
  orientation text not null,
  reason text not null,
  decided_by text not null check (decided_by <> ''),
  decided_at timestamptz not null,
  codebook_version text not null,
  -- The run with --override-person that took its place; then it answers nothing any more.
  overridden_by text collate "C"
);
