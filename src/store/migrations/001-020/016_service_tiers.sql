-- The service tier by which a request is billed, and while it is under way the one that was asked for: flex, standard or priority.
-- Null: nobody has spoken of tiers, or a release without them wrote the row.
alter table llm_requests add column service_tier text;

-- The part of a run's requests and cost that other tiers than the standard one took.
alter table runs
  add column flex_requests bigint not null default 0,
  add column flex_cost_usd numeric not null default 0,
  add column priority_requests bigint not null default 0,
  add column priority_cost_usd numeric not null default 0;

-- As in migration 014, with the tiers.
create or replace function count_request() returns trigger language plpgsql as $$
declare
  new_flex int := (new.service_tier is not distinct from 'flex')::int;
  new_priority int := (new.service_tier is not distinct from 'priority')::int;
  old_flex int := 0;
  old_priority int := 0;
begin
  if tg_op = 'INSERT' then
    update runs set
      model_requests = runs.model_requests + 1,
      input_tokens = runs.input_tokens + new.input_tokens,
      cached_input_tokens = runs.cached_input_tokens + new.cached_input_tokens,
      output_tokens = runs.output_tokens + new.output_tokens,
      cost_usd = runs.cost_usd + new.cost_usd,
      estimated_requests = runs.estimated_requests + new.estimated::int,
      estimated_cost_usd = runs.estimated_cost_usd + case when new.estimated then new.cost_usd else 0 end,
      flex_requests = runs.flex_requests + new_flex,
      flex_cost_usd = runs.flex_cost_usd + new_flex * new.cost_usd,
      priority_requests = runs.priority_requests + new_priority,
      priority_cost_usd = runs.priority_cost_usd + new_priority * new.cost_usd
    where run_id = new.run_id;
  else
    old_flex := (old.service_tier is not distinct from 'flex')::int;
    old_priority := (old.service_tier is not distinct from 'priority')::int;
    update runs set
      input_tokens = runs.input_tokens + new.input_tokens - old.input_tokens,
      cached_input_tokens = runs.cached_input_tokens + new.cached_input_tokens - old.cached_input_tokens,
      output_tokens = runs.output_tokens + new.output_tokens - old.output_tokens,
      cost_usd = runs.cost_usd + new.cost_usd - old.cost_usd,
      estimated_requests = runs.estimated_requests + new.estimated::int - old.estimated::int,
      estimated_cost_usd = runs.estimated_cost_usd + case when new.estimated then new.cost_usd else 0 end
        - case when old.estimated then old.cost_usd else 0 end,
      flex_requests = runs.flex_requests + new_flex - old_flex,
      flex_cost_usd = runs.flex_cost_usd + new_flex * new.cost_usd - old_flex * old.cost_usd,
      priority_requests = runs.priority_requests + new_priority - old_priority,
      priority_cost_usd = runs.priority_cost_usd + new_priority * new.cost_usd - old_priority * old.cost_usd
    where run_id = new.run_id;
  end if;
  return null;
end
$$;
