-- A result that is still the latest one of its indicator stands in `results` alone, and comes into `result_history` when the result
-- of another run takes its place or it is deleted, so that a first run writes each result once and not twice. Replicas of the release before this one
-- write both, and rows that were stored before stand in both: readers take the newer of two rows of one run, and one of two equal ones.

-- The pages of a run are read in this order. It takes the place of results_by_run, which had the run alone.
create index results_of_run on results (run_id, catalogue, indicator_id);
drop index results_by_run;

-- The rows of `results` are locked by whoever changes them, so that two batches never write the same row of the history at once. The
-- history of a run that retention has deleted stays deleted. Both go in statements, because a call for each row takes as long as to
-- write it.
create function keep_replaced_results() returns trigger language plpgsql as $$
begin
  insert into result_history as kept (catalogue, codebook_name, indicator_id, name, codebook, codebook_hash, labels, field_confidence,
    field_source, confidence, source, status, issues, reason, model, prompt_version, run_id, classified_at, input_hash, mode,
    asked_model, unanswered, run_started_at, sequence)
  select r.catalogue, r.codebook_name, r.indicator_id, r.name, r.codebook, r.codebook_hash, r.labels, r.field_confidence,
    r.field_source, r.confidence, r.source, r.status, r.issues, r.reason, r.model, r.prompt_version, r.run_id, r.classified_at,
    r.input_hash, r.mode, r.asked_model, r.unanswered, run.started_at, r.sequence
  from replaced r join runs run on run.run_id = r.run_id
  where (r.codebook_name, r.catalogue, r.indicator_id, r.run_id) not in (
    select codebook_name, catalogue, indicator_id, run_id from replacing
  )
  on conflict (run_id, codebook_name, catalogue, indicator_id, run_started_at) do update set
    name = excluded.name, codebook = excluded.codebook, codebook_hash = excluded.codebook_hash, labels = excluded.labels,
    field_confidence = excluded.field_confidence, field_source = excluded.field_source, confidence = excluded.confidence,
    source = excluded.source, status = excluded.status, issues = excluded.issues, reason = excluded.reason, model = excluded.model,
    prompt_version = excluded.prompt_version, classified_at = excluded.classified_at, input_hash = excluded.input_hash,
    mode = excluded.mode, asked_model = excluded.asked_model, unanswered = excluded.unanswered, sequence = excluded.sequence
  where (kept.sequence, kept.classified_at) < (excluded.sequence, excluded.classified_at);
  return null;
end
$$;

create function keep_deleted_results() returns trigger language plpgsql as $$
begin
  insert into result_history as kept (catalogue, codebook_name, indicator_id, name, codebook, codebook_hash, labels, field_confidence,
    field_source, confidence, source, status, issues, reason, model, prompt_version, run_id, classified_at, input_hash, mode,
    asked_model, unanswered, run_started_at, sequence)
  select r.catalogue, r.codebook_name, r.indicator_id, r.name, r.codebook, r.codebook_hash, r.labels, r.field_confidence,
    r.field_source, r.confidence, r.source, r.status, r.issues, r.reason, r.model, r.prompt_version, r.run_id, r.classified_at,
    r.input_hash, r.mode, r.asked_model, r.unanswered, run.started_at, r.sequence
  from deleted r join runs run on run.run_id = r.run_id
  on conflict (run_id, codebook_name, catalogue, indicator_id, run_started_at) do update set
    name = excluded.name, codebook = excluded.codebook, codebook_hash = excluded.codebook_hash, labels = excluded.labels,
    field_confidence = excluded.field_confidence, field_source = excluded.field_source, confidence = excluded.confidence,
    source = excluded.source, status = excluded.status, issues = excluded.issues, reason = excluded.reason, model = excluded.model,
    prompt_version = excluded.prompt_version, classified_at = excluded.classified_at, input_hash = excluded.input_hash,
    mode = excluded.mode, asked_model = excluded.asked_model, unanswered = excluded.unanswered, sequence = excluded.sequence
  where (kept.sequence, kept.classified_at) < (excluded.sequence, excluded.classified_at);
  return null;
end
$$;

create trigger keep_replaced after update on results
  referencing old table as replaced new table as replacing for each statement execute function keep_replaced_results();
create trigger keep_deleted after delete on results
  referencing old table as deleted for each statement execute function keep_deleted_results();

-- Every result that every run gave, one row for each indicator and run, with the columns of result_history in their order.
create view run_results as
select h.catalogue, h.codebook_name, h.indicator_id, h.name, h.codebook, h.codebook_hash, h.labels, h.field_confidence,
  h.field_source, h.confidence, h.source, h.status, h.issues, h.reason, h.model, h.prompt_version, h.run_id, h.classified_at,
  h.input_hash, h.mode, h.asked_model, h.unanswered, h.run_started_at, h.sequence
from result_history h
where not exists (
  select from results r
  where r.codebook_name = h.codebook_name and r.catalogue = h.catalogue and r.indicator_id = h.indicator_id and r.run_id = h.run_id
    and (r.sequence, r.classified_at) > (h.sequence, h.classified_at)
)
union all
select r.catalogue, r.codebook_name, r.indicator_id, r.name, r.codebook, r.codebook_hash, r.labels, r.field_confidence,
  r.field_source, r.confidence, r.source, r.status, r.issues, r.reason, r.model, r.prompt_version, r.run_id, r.classified_at,
  r.input_hash, r.mode, r.asked_model, r.unanswered, run.started_at as run_started_at, r.sequence
from results r join runs run on run.run_id = r.run_id
where not exists (
  select from result_history h
  where h.run_id = r.run_id and h.codebook_name = r.codebook_name and h.catalogue = r.catalogue
    and h.indicator_id = r.indicator_id and h.run_started_at = run.started_at
    and (h.sequence, h.classified_at) >= (r.sequence, r.classified_at)
);
