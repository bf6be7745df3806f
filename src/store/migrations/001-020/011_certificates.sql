-- Certificates, the labels that they rest on, and the rows by which drift is found.

-- The plan of each certificate, written before its first label counts and kept from then on, so that nobody can draw again
-- until a draw pleases. Claims and fields have the order in which they were planned.
create table certificates (
  run_id text collate "C" not null check (run_id <> ''),
  codebook_name text collate "C" not null check (codebook_name <> ''),
  catalogue text collate "C" not null check (catalogue <> ''),
  seed text not null check (seed <> ''),
  target double precision not null check (target > 0 and target < 1),
  delta double precision not null check (delta > 0 and delta < 1),
  claims text[] not null,
  fields text[] not null,
  -- The number of rows of the run, and the exclusive or of their fingerprints.
  population integer not null check (population > 0),
  digest text not null,
  planned_by text not null check (planned_by <> ''),
  planned_at timestamptz not null default clock_timestamp(),
  primary key (run_id, codebook_name, catalogue)
);

-- Labels that people gave to rows, one for each field, and third decisions where two people disagreed. A row is written
-- once and stays.
create table evidence_labels (
  catalogue text collate "C" not null check (catalogue <> ''),
  codebook_hash text collate "C" not null check (codebook_hash <> ''),
  indicator_id text collate "C" not null check (indicator_id <> ''),
  -- The input that the person saw: a label says nothing about a later input of the same indicator.
  input_hash text collate "C" not null,
  field text collate "C" not null check (field <> ''),
  labelled_by text collate "C" not null check (labelled_by <> ''),
  -- Whether this is the third decision between labels that differ.
  adjudicates boolean not null,
  -- The label as JSON, which is null where the field has none.
  label jsonb not null,
  -- False where the person could not tell; the label is null then.
  is_known boolean not null,
  -- Whether the person saw neither the answer nor another person's label.
  blind boolean not null,
  run_id text collate "C" not null check (run_id <> ''),
  labelled_at timestamptz not null default clock_timestamp(),
  note text not null,
  primary key (catalogue, codebook_hash, indicator_id, input_hash, field, labelled_by, adjudicates)
);

create unique index evidence_labels_adjudicated
  on evidence_labels (catalogue, codebook_hash, indicator_id, input_hash, field) where adjudicates;

-- The rows of a catalogue that are asked again to find drift, with the answers of the run that they were taken from. The
-- people's labels stand in evidence_labels.
create table sentinel_rows (
  catalogue text collate "C" not null check (catalogue <> ''),
  codebook_name text collate "C" not null check (codebook_name <> ''),
  indicator_id text collate "C" not null check (indicator_id <> ''),
  input jsonb not null check (jsonb_typeof(input) = 'object'),
  input_hash text not null,
  -- The fields that are compared.
  fields text[] not null,
  -- The answers before.
  labels jsonb not null check (jsonb_typeof(labels) = 'object'),
  codebook text not null,
  codebook_hash text collate "C" not null,
  mode text not null check (mode in ('rules', 'hybrid', 'model')),
  model text,
  prompt_version text not null,
  run_id text collate "C" not null,
  kept_at timestamptz not null default clock_timestamp(),
  primary key (catalogue, codebook_name, indicator_id)
);
