-- What checks of one field of one indicator found: audits, whether a model that was asked blind agreed with a rule, and labels
-- of people, whether a rule or the model is right. The rules may stand in for the model on a catalogue as far as these rows
-- show it.
create table audits (
  -- The order in which checks were stored, by which the verdicts are made.
  number bigint generated always as identity,
  catalogue text collate "C" not null check (catalogue <> ''),
  codebook_hash text collate "C" not null check (codebook_hash <> ''),
  field text collate "C" not null check (field <> ''),
  indicator_id text collate "C" not null check (indicator_id <> ''),
  run_id text collate "C" not null check (run_id <> ''),
  -- Whether people's labels were compared, which a certificate of the run drew, and not answers of a model.
  by_people boolean not null default false,
  -- The rule that was checked. With by_people also 'model', for the answer that a model gave in the run.
  rule text not null,
  -- Whether the rule's value is the model's answer; with by_people, whether it is the label.
  agreed boolean not null,
  -- The model that answered; '' for a rule that people's labels checked.
  model text not null,
  -- The place of the indicator in the random draw of its run or its certificate; null where audits were taken as indicators
  -- arrived.
  rank double precision check (rank >= 0 and rank < 1),
  -- The input that people labelled; '' for audits.
  input_hash text not null default '',
  audited_at timestamptz not null default clock_timestamp(),
  primary key (catalogue, codebook_hash, field, indicator_id, run_id, by_people, rule)
);

-- An audited indicator counts once a run and field, also where another release reads it by another rule.
create unique index audits_once on audits (catalogue, codebook_hash, field, indicator_id, run_id) where not by_people;

create unique index audits_in_order on audits (catalogue, codebook_hash, number);
