-- Which batch asks the model about a shape, so that one question serves all who need it. A row outlives its claim: it
-- tells those who waited how the asking ended.
create table claims (
  shape_hash text collate "C" primary key check (shape_hash <> ''),
  -- The invocation of the batch that asks.
  owner text collate "C" not null check (owner <> ''),
  -- From then on anyone may take the claim over.
  expires_at timestamptz not null,
  -- Null until some asking has ended; code, message and fatal say why it brought no answer.
  ended_at timestamptz,
  code text,
  message text,
  fatal boolean not null default false
);

create index claims_by_expiry on claims (expires_at);
