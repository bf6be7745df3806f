-- The rate budget of the cluster, one row, and what each replica may take of it. Times are by this server's clock alone.

create table rate_budget (
  only_row boolean primary key default true check (only_row),
  rpm double precision not null check (rpm > 0),
  -- Null: tokens have no bound.
  tpm double precision check (tpm > 0),
  safety double precision not null check (safety > 0 and safety <= 1),
  -- What the replicas' environment said when it last said something new. It counts again only when it changes, so that
  -- what an operator set since outlives restarts.
  configured_rpm double precision not null,
  configured_tpm double precision,
  configured_safety double precision not null,
  set_by text not null,
  set_at timestamptz not null,
  -- What the provider said that the account allows.
  account_rpm double precision check (account_rpm > 0),
  account_tpm double precision check (account_tpm > 0),
  account_seen_at timestamptz,
  -- The part of the budget that was left by the last pause; it grows back from the end of that pause's window.
  pace_factor double precision not null default 1 check (pace_factor > 0 and pace_factor <= 1),
  window_until timestamptz,
  paused_until timestamptz
);

create table replicas (
  -- One for each start of a process.
  replica_id text collate "C" primary key check (replica_id <> ''),
  name text not null,
  demand double precision not null check (demand >= 0),
  -- The part of the budget that the lease was made of.
  share double precision not null check (share >= 0 and share <= 1),
  leased_rpm double precision not null check (leased_rpm >= 0),
  leased_tpm double precision check (leased_tpm >= 0),
  -- What the replica may still be using: more than its lease until it has said that it uses less.
  counted_rpm double precision not null check (counted_rpm >= leased_rpm),
  counted_tpm double precision check (counted_tpm >= leased_tpm),
  lease_number bigint not null,
  expires_at timestamptz not null,
  seen_at timestamptz not null
);
