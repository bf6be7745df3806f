-- With which body each idempotency key was first used, so that the guard refuses the same key with another body. `scope` is a
-- hash of the called handler and the key, and `body` a hash of the body's bytes; neither text is stored.
create table idempotency_keys (
  scope bytea primary key,
  body bytea not null,
  seen_at timestamptz not null default clock_timestamp()
);

create index idempotency_keys_by_age on idempotency_keys (seen_at);
