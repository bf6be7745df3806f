-- Hypertables where TimescaleDB is there, plain tables where not. Only what its Apache edition has: anything beyond
-- (compression, retention policies, continuous aggregates) must first see
-- current_setting('timescaledb.license', true) = 'timescale'.
do $$
declare
  home text;
begin
  -- Without preload `create extension` does not fail but ends the connection; a preloaded one shows its settings.
  if exists (select from pg_available_extensions where name = 'timescaledb')
    and exists (select from pg_settings where name like 'timescaledb.%')
    and not exists (select from pg_extension where extname = 'timescaledb')
  then
    begin
      create extension if not exists timescaledb;
    exception when insufficient_privilege then
      raise notice 'classify: this role may not create the extension timescaledb';
    end;
  end if;

  select n.nspname into home
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname = 'timescaledb';

  if home is null then
    raise notice 'classify: no timescaledb here, history and requests are plain tables';
    return;
  end if;

  execute format(
    'select %1$I.create_hypertable(%2$L::regclass, %3$L::name,'
    ' chunk_time_interval => interval ''7 days'', create_default_indexes => false, if_not_exists => true)',
    home, 'classification_history', 'run_started_at');
  execute format(
    'select %1$I.create_hypertable(%2$L::regclass, %3$L::name,'
    ' chunk_time_interval => interval ''7 days'', create_default_indexes => false, if_not_exists => true)',
    home, 'llm_requests', 'requested_at');
  raise notice 'classify: history and requests are hypertables';
end
$$;
