-- How far answers can be relied on by the labels of people, one row for each time that labels of a catalogue were counted. The
-- latest row counts; earlier ones say by which figures earlier results were given.
create table calibrations (
  catalogue text collate "C" not null check (catalogue <> ''),
  codebook_hash text collate "C" not null check (codebook_hash <> ''),
  fitted_at timestamptz not null default clock_timestamp(),
  -- The run whose certificate the labels were given for.
  run_id text collate "C" not null check (run_id <> ''),
  calibration jsonb not null check (jsonb_typeof(calibration) = 'object'),
  primary key (catalogue, codebook_hash, fitted_at)
);
