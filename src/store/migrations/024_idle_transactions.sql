-- A transaction that somebody has left open under this role, in a console or in another program, holds its locks and a
-- connection of PgBouncer's pool: batches that need either would wait for as long as it stays. The server ends it after a
-- minute in which nothing is asked. The service's own transactions never wait for so long. Sessions that are open keep
-- their setting. Where the role may not change itself, as at some managed databases, nothing is set.
do $$
begin
  execute format('alter role %I in database %I set idle_in_transaction_session_timeout = ''60s''',
    current_user, current_database());
exception when insufficient_privilege then
  raise notice 'idle_in_transaction_session_timeout is not set: the role may not change itself';
end
$$;
