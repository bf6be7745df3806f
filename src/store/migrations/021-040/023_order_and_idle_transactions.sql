-- The order of results and answers does not rest on clocks: each batch takes a number when it is planned, and a greater
-- number is newer. Rows that a release before this one wrote have 0, so that a time of theirs that lies in the future,
-- from a machine whose clock was ahead, keeps nothing back.
create sequence result_sequence as bigint;

alter table results add column sequence bigint not null default 0;
alter table result_inputs add column sequence bigint not null default 0;
alter table result_history add column sequence bigint not null default 0;
alter table shape_answers add column sequence bigint not null default 0;

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
