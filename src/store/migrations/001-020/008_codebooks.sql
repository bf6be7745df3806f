-- Results of any codebook: labels as jsonb, by catalogue and codebook. The new tables stand beside those of the releases
-- before, whose rows are copied; replicas of these releases go on writing the old tables until they are stopped, and
-- triggers (in 009) copy what they write. A later release drops the old tables.

-- Taken here, in the order in which those releases write, so that nothing is written between the copy and the triggers,
-- and so that no batch of theirs and this migration wait for each other.
lock table indicators, classifications, classification_history, person_answers, answers, review_items
  in share row exclusive mode;
lock table runs, run_batches in access exclusive mode;

-- Each content of a codebook once. A result names the hash, so that it can be explained by what it was made with.
create table codebooks (
  hash text collate "C" primary key check (hash <> ''),
  name text collate "C" not null check (name <> ''),
  version text not null,
  text text not null,
  lists jsonb not null check (jsonb_typeof(lists) = 'object'),
  stored_at timestamptz not null default clock_timestamp()
);

create index codebooks_by_name on codebooks (name, stored_at desc);

-- The latest input of every indicator, whatever codebook it was classified by.
create table result_inputs (
  catalogue text collate "C" not null check (catalogue <> ''),
  indicator_id text collate "C" not null check (indicator_id <> ''),
  name text not null,
  input jsonb not null check (jsonb_typeof(input) = 'object'),
  input_hash text not null,
  run_id text collate "C" not null,
  -- When the result that came from this input was made: older never replaces newer.
  classified_at timestamptz not null,
  primary key (catalogue, indicator_id)
);

-- The latest results. The codebook stands first in the key, so that the results of one codebook are read in order of
-- catalogue and id without those of another.
create table results (
  catalogue text collate "C" not null check (catalogue <> ''),
  codebook_name text collate "C" not null check (codebook_name <> ''),
  indicator_id text collate "C" not null check (indicator_id <> ''),
  name text not null,
  -- Name and version, such as economic-indicators@2.
  codebook text not null,
  -- Empty for results of releases that had no codebook files.
  codebook_hash text not null,
  labels jsonb not null check (jsonb_typeof(labels) = 'object'),
  field_confidence jsonb not null check (jsonb_typeof(field_confidence) = 'object'),
  field_source jsonb not null check (jsonb_typeof(field_source) = 'object'),
  confidence double precision not null check (confidence between 0 and 1),
  source text not null check (source in ('rules', 'reuse', 'model', 'escalation', 'person')),
  status text not null check (status in ('accepted', 'unverified', 'needs-review')),
  issues jsonb not null check (jsonb_typeof(issues) = 'array'),
  reason text not null,
  model text,
  prompt_version text not null,
  run_id text collate "C" not null,
  classified_at timestamptz not null,
  input_hash text not null,
  mode text not null check (mode in ('rules', 'hybrid', 'model')),
  asked_model text,
  unanswered boolean not null,
  primary key (codebook_name, catalogue, indicator_id)
);

-- One row for each indicator and run; run_started_at is the same for all of a run, so the key holds on a hypertable too.
create table result_history (
  catalogue text collate "C" not null check (catalogue <> ''),
  codebook_name text collate "C" not null check (codebook_name <> ''),
  indicator_id text collate "C" not null check (indicator_id <> ''),
  name text not null,
  codebook text not null,
  codebook_hash text not null,
  labels jsonb not null check (jsonb_typeof(labels) = 'object'),
  field_confidence jsonb not null check (jsonb_typeof(field_confidence) = 'object'),
  field_source jsonb not null check (jsonb_typeof(field_source) = 'object'),
  confidence double precision not null check (confidence between 0 and 1),
  source text not null check (source in ('rules', 'reuse', 'model', 'escalation', 'person')),
  status text not null check (status in ('accepted', 'unverified', 'needs-review')),
  issues jsonb not null check (jsonb_typeof(issues) = 'array'),
  reason text not null,
  model text,
  prompt_version text not null,
  run_id text collate "C" not null check (run_id <> ''),
  classified_at timestamptz not null,
  input_hash text not null,
  mode text not null check (mode in ('rules', 'hybrid', 'model')),
  asked_model text,
  unanswered boolean not null,
  run_started_at timestamptz not null,
  primary key (run_id, codebook_name, catalogue, indicator_id, run_started_at)
);

-- Answers of models, by shape. Labels of further fields join a row when they are asked.
create table shape_answers (
  shape_hash text collate "C" primary key check (shape_hash <> ''),
  shape text not null,
  labels jsonb not null check (jsonb_typeof(labels) = 'object'),
  confidence jsonb not null check (jsonb_typeof(confidence) = 'object'),
  reason text not null,
  source text not null check (source in ('model', 'escalation', 'person')),
  model text,
  codebook text not null,
  codebook_hash text not null,
  prompt_version text not null,
  answered_at timestamptz not null,
  -- When the answer was last written or reused, exact to a day: retention goes by it.
  used_at timestamptz not null default now()
);

-- The newest decision of a person on each shape. The hash holds no model and no version, so that the decision outlives them.
create table human_answers (
  shape_hash text collate "C" primary key check (shape_hash <> ''),
  shape text not null,
  labels jsonb not null check (jsonb_typeof(labels) = 'object'),
  reason text not null,
  codebook text not null,
  codebook_hash text not null,
  decided_by text not null check (decided_by <> ''),
  decided_at timestamptz not null,
  -- The run with --override-person that took its place; then it answers nothing any more.
  overridden_by text collate "C"
);

-- What persons decided. A row is written once and stays: who, when, what was before and what after, and the indicator
-- as it was then, so that it can be exported as gold.
create table review_decisions (
  run_id text collate "C" not null check (run_id <> ''),
  catalogue text collate "C" not null check (catalogue <> ''),
  codebook_name text collate "C" not null check (codebook_name <> ''),
  indicator_id text collate "C" not null check (indicator_id <> ''),
  shape_hash text collate "C" not null check (shape_hash <> ''),
  decision text not null check (decision in ('accept', 'correct')),
  before jsonb not null check (jsonb_typeof(before) = 'object'),
  after jsonb not null check (jsonb_typeof(after) = 'object'),
  input jsonb not null check (jsonb_typeof(input) = 'object'),
  note text not null,
  codebook text not null,
  codebook_hash text not null,
  decided_by text not null check (decided_by <> ''),
  decided_at timestamptz not null,
  primary key (run_id, codebook_name, catalogue, indicator_id)
);

alter table run_batches add column unverified integer not null default 0 check (unverified >= 0);
-- Which tables the release that opened the run writes: null for a release before this schema.
alter table runs add column writes text;

-- A hypertable where TimescaleDB is there, as 002 made the old history one.
do $$
declare
  home text;
begin
  select n.nspname into home
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname = 'timescaledb';
  if home is not null then
    execute format(
      'select %1$I.create_hypertable(%2$L::regclass, %3$L::name,'
      ' chunk_time_interval => interval ''7 days'', create_default_indexes => false, if_not_exists => true)',
      home, 'result_history', 'run_started_at');
  end if;
end
$$;

-- The old rows in the form of the new tables, with the columns in the order of these. The copy below and the triggers of
-- 009 read them. All that was classified before belongs to one catalogue and to one codebook.
create view earlier_inputs as
select 'default'::text as catalogue, indicator_id, name, input, input_hash, run_id, classified_at from indicators;

create view earlier_results as
select 'default'::text as catalogue, 'economic-indicators'::text as codebook_name, indicator_id, name,
  'economic-indicators@' || codebook_version as codebook, ''::text as codebook_hash,
  jsonb_build_object(
    'type', type, 'family', family, 'temporal_aggregation', temporal_aggregation, 'time_basis', time_basis,
    'orientation', orientation, 'unit_kind', unit_kind, 'unit_scale', unit_scale, 'unit_currency', unit_currency,
    'unit_per', unit_per, 'frequency', frequency, 'cumulative_pattern', cumulative_pattern,
    'cumulative_reset_month', cumulative_reset_month
  ) as labels,
  '{}'::jsonb as field_confidence, '{}'::jsonb as field_source, confidence, source, status, issues, reason, model,
  prompt_version, run_id, classified_at, input_hash, mode, asked_model, unanswered
from classifications;

create view earlier_history as
select 'default'::text as catalogue, 'economic-indicators'::text as codebook_name, indicator_id, name,
  'economic-indicators@' || codebook_version as codebook, ''::text as codebook_hash,
  jsonb_build_object(
    'type', type, 'family', family, 'temporal_aggregation', temporal_aggregation, 'time_basis', time_basis,
    'orientation', orientation, 'unit_kind', unit_kind, 'unit_scale', unit_scale, 'unit_currency', unit_currency,
    'unit_per', unit_per, 'frequency', frequency, 'cumulative_pattern', cumulative_pattern,
    'cumulative_reset_month', cumulative_reset_month
  ) as labels,
  '{}'::jsonb as field_confidence, '{}'::jsonb as field_source, confidence, source, status, issues, reason, model,
  prompt_version, run_id, classified_at, input_hash, mode, asked_model, unanswered, run_started_at
from classification_history;

create view earlier_answers as
select shape_hash, shape,
  jsonb_build_object(
    'type', type, 'temporal_aggregation', temporal_aggregation, 'orientation', orientation
  ) as labels,
  jsonb_build_object(
    'type', confidence_type, 'temporal_aggregation', confidence_temporal_aggregation,
    'orientation', confidence_orientation
  ) as confidence,
  reason, source, model, 'economic-indicators@' || codebook_version as codebook, ''::text as codebook_hash,
  prompt_version, answered_at, used_at
from answers;

create view earlier_human_answers as
select shape_hash, shape,
  jsonb_build_object(
    'type', type, 'temporal_aggregation', temporal_aggregation, 'orientation', orientation
  ) as labels,
  reason, 'economic-indicators@' || codebook_version as codebook, ''::text as codebook_hash, decided_by, decided_at,
  overridden_by
from person_answers;

create view earlier_decisions as
select run_id, 'default'::text as catalogue, 'economic-indicators'::text as codebook_name, indicator_id, shape_hash,
  decision,
  before - 'unit' || jsonb_build_object(
    'unit_kind', before #> '{unit,kind}', 'unit_scale', before #> '{unit,scale}',
    'unit_currency', before #> '{unit,currency}', 'unit_per', before #> '{unit,per}'
  ) as before,
  after - 'unit' || jsonb_build_object(
    'unit_kind', after #> '{unit,kind}', 'unit_scale', after #> '{unit,scale}',
    'unit_currency', after #> '{unit,currency}', 'unit_per', after #> '{unit,per}'
  ) as after,
  input, note, 'economic-indicators@' || codebook_version as codebook, ''::text as codebook_hash, decided_by, decided_at
from review_items;

insert into result_inputs select * from earlier_inputs;
insert into results select * from earlier_results;
insert into result_history select * from earlier_history;
insert into shape_answers select * from earlier_answers;
insert into human_answers select * from earlier_human_answers;
insert into review_decisions select * from earlier_decisions;

-- Made after the copy, because one index over all rows costs less than an entry for each row.
-- A hash index, because pages of one catalogue would use one in order, and read the rows of all catalogues with it.
create index results_by_indicator on results using hash (indicator_id);
-- The lists for review read these in order of catalogue and id.
create index results_needs_review on results (codebook_name, catalogue, indicator_id) where status = 'needs-review';
create index results_unverified on results (codebook_name, catalogue, indicator_id) where status = 'unverified';
create index results_by_person on results (codebook_name, catalogue, indicator_id, codebook_hash) where source = 'person';
create index result_history_by_indicator on result_history (indicator_id, run_started_at desc);
create index shape_answers_by_use on shape_answers (used_at);
create index review_decisions_by_indicator
  on review_decisions (codebook_name, catalogue, indicator_id, decided_at desc, run_id desc);
analyze result_inputs, results, result_history, shape_answers, human_answers, review_decisions;
