-- Requests to models are booked when they start and when they end, and no longer with their batch. A request that has not ended
-- has the outcome "sent", and costs what it may cost at the most; where its replica was lost, it stays so.
alter table llm_requests
  -- Whether any of the tokens is an estimate, because the endpoint named none, or because no answer came.
  add column estimated boolean not null default false,
  -- How often the batch had asked about these indicators before.
  add column round smallint not null default 0 check (round >= 0);

-- The run and the indicator that an answer was given for, as a hash, where the run reuses no answers: resumed, it takes its own.
alter table shape_answers add column given_for text;

-- What a run was billed so far. A limit on the cost of a run locks this row, so that it holds over all replicas.
alter table runs
  add column model_requests bigint not null default 0,
  add column input_tokens bigint not null default 0,
  add column cached_input_tokens bigint not null default 0,
  add column output_tokens bigint not null default 0,
  add column cost_usd numeric not null default 0,
  add column estimated_requests bigint not null default 0,
  add column estimated_cost_usd numeric not null default 0;

-- An endpoint that named absurd numbers of tokens could bring a sum over the range of the column.
update runs set
  model_requests = billed.model_requests,
  input_tokens = least(billed.input_tokens, 9007199254740991),
  cached_input_tokens = least(billed.cached_input_tokens, 9007199254740991),
  output_tokens = least(billed.output_tokens, 9007199254740991),
  cost_usd = billed.cost_usd
from (
  select run_id, sum(model_requests) as model_requests, sum(input_tokens) as input_tokens,
    sum(cached_input_tokens) as cached_input_tokens, sum(output_tokens) as output_tokens, sum(cost_usd) as cost_usd
  from run_batches group by run_id
) billed
where billed.run_id = runs.run_id;

-- The sums follow the rows, so that a request counts once however often it is booked, and so that requests which replicas of an
-- earlier release write with their batches count as well. The trigger goes by rows, because hypertables take no triggers with
-- transition tables.
create function count_request() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    update runs set
      model_requests = runs.model_requests + 1,
      input_tokens = runs.input_tokens + new.input_tokens,
      cached_input_tokens = runs.cached_input_tokens + new.cached_input_tokens,
      output_tokens = runs.output_tokens + new.output_tokens,
      cost_usd = runs.cost_usd + new.cost_usd,
      estimated_requests = runs.estimated_requests + new.estimated::int,
      estimated_cost_usd = runs.estimated_cost_usd + case when new.estimated then new.cost_usd else 0 end
    where run_id = new.run_id;
  else
    update runs set
      input_tokens = runs.input_tokens + new.input_tokens - old.input_tokens,
      cached_input_tokens = runs.cached_input_tokens + new.cached_input_tokens - old.cached_input_tokens,
      output_tokens = runs.output_tokens + new.output_tokens - old.output_tokens,
      cost_usd = runs.cost_usd + new.cost_usd - old.cost_usd,
      estimated_requests = runs.estimated_requests + new.estimated::int - old.estimated::int,
      estimated_cost_usd = runs.estimated_cost_usd + case when new.estimated then new.cost_usd else 0 end
        - case when old.estimated then old.cost_usd else 0 end
    where run_id = new.run_id;
  end if;
  return null;
end
$$;

create trigger count_request_of_run after insert or update on llm_requests
  for each row execute function count_request();
