-- What the rate budget was set to, by whom and when: by the settings of replicas that started with new ones, or by people and
-- programs. Rows are few, and the newest thousand are kept.
create table budget_changes (
  changed_at timestamptz not null,
  rpm double precision not null check (rpm > 0),
  -- Null: tokens have no bound.
  tpm double precision check (tpm > 0),
  safety double precision not null check (safety > 0 and safety <= 1),
  -- Whether it came of the settings of a replica.
  configured boolean not null,
  set_by text not null
);
create index budget_changes_at on budget_changes (changed_at desc);

-- The budget as it stands is the first entry.
insert into budget_changes (changed_at, rpm, tpm, safety, configured, set_by)
select set_at, rpm, tpm, safety, (rpm, tpm, safety) is not distinct from (configured_rpm, configured_tpm, configured_safety), set_by
from rate_budget;

-- What a replica takes, and its release, as of its last renewal. Null for a replica of an earlier release.
alter table replicas
  add column memory_bytes bigint check (memory_bytes >= 0),
  add column version text;
