-- What audits found: whether a model that was asked blind agreed with a rule in one field of one indicator. The rules may
-- stand in for the model on a catalogue as far as these rows show it.
create table audits (
  -- The order in which audits were stored, by which the verdicts are made.
  number bigint generated always as identity,
  catalogue text collate "C" not null check (catalogue <> ''),
  codebook_hash text collate "C" not null check (codebook_hash <> ''),
  field text collate "C" not null check (field <> ''),
  indicator_id text collate "C" not null check (indicator_id <> ''),
  run_id text collate "C" not null check (run_id <> ''),
  rule text not null,
  agreed boolean not null,
  model text not null,
  -- The place of the indicator in the random draw of its run; null where audits were taken as indicators arrived.
  rank double precision check (rank >= 0 and rank < 1),
  audited_at timestamptz not null default clock_timestamp(),
  primary key (catalogue, codebook_hash, field, indicator_id, run_id)
);

create unique index audits_in_order on audits (catalogue, codebook_hash, number);
