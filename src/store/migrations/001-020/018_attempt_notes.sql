-- Invocations whose attempts began again and have not ended in any orderly way, so that the replica that held them may have died.
-- `entries` is the length of the journal: the count begins anew where the invocation has made progress. First attempts leave no row.
create table attempt_notes (
  invocation_id text primary key,
  entries integer not null,
  begun integer not null check (begun > 0),
  began_at timestamptz not null default now()
);
