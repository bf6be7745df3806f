-- During a rolling update, replicas of releases before 008 finish what they hold and write the old tables. These triggers
-- copy each row that they write, by the rule of the statements of this release: older never replaces newer. They go in
-- rows and not in statements, because hypertables take no triggers with transition tables.

create function copy_earlier_input() returns trigger language plpgsql as $$
begin
  insert into result_inputs as known select * from earlier_inputs where indicator_id = new.indicator_id
  on conflict (catalogue, indicator_id) do update set
    name = excluded.name, input = excluded.input, input_hash = excluded.input_hash, run_id = excluded.run_id,
    classified_at = excluded.classified_at
  where (known.classified_at, known.run_id) < (excluded.classified_at, excluded.run_id);
  return null;
end
$$;

-- A person's result stays while the input is the same. The older release replaced one only where its run overrides human
-- answers; then the row that it replaced is the one that stands here.
create function copy_earlier_result() returns trigger language plpgsql as $$
begin
  insert into results as known select * from earlier_results where indicator_id = new.indicator_id
  on conflict (codebook_name, catalogue, indicator_id) do update set
    name = excluded.name, codebook = excluded.codebook, codebook_hash = excluded.codebook_hash,
    labels = excluded.labels, field_confidence = excluded.field_confidence, field_source = excluded.field_source,
    confidence = excluded.confidence, source = excluded.source, status = excluded.status, issues = excluded.issues,
    reason = excluded.reason, model = excluded.model, prompt_version = excluded.prompt_version,
    run_id = excluded.run_id, classified_at = excluded.classified_at, input_hash = excluded.input_hash,
    mode = excluded.mode, asked_model = excluded.asked_model, unanswered = excluded.unanswered
  where (known.classified_at, known.run_id) < (excluded.classified_at, excluded.run_id)
    and (known.source <> 'person' or excluded.source = 'person' or known.input_hash <> excluded.input_hash
      or (tg_op = 'UPDATE' and (known.classified_at, known.run_id) = (old.classified_at, old.run_id)));
  return null;
end
$$;

create function copy_earlier_history() returns trigger language plpgsql as $$
begin
  insert into result_history as known select * from earlier_history earlier
    where earlier.run_id = new.run_id and earlier.indicator_id = new.indicator_id
      and earlier.run_started_at = new.run_started_at
  on conflict (run_id, codebook_name, catalogue, indicator_id, run_started_at) do update set
    name = excluded.name, codebook = excluded.codebook, codebook_hash = excluded.codebook_hash,
    labels = excluded.labels, field_confidence = excluded.field_confidence, field_source = excluded.field_source,
    confidence = excluded.confidence, source = excluded.source, status = excluded.status, issues = excluded.issues,
    reason = excluded.reason, model = excluded.model, prompt_version = excluded.prompt_version,
    classified_at = excluded.classified_at, input_hash = excluded.input_hash, mode = excluded.mode,
    asked_model = excluded.asked_model, unanswered = excluded.unanswered
  where known.classified_at < excluded.classified_at;
  return null;
end
$$;

create function copy_earlier_answer() returns trigger language plpgsql as $$
begin
  insert into shape_answers as known select * from earlier_answers where shape_hash = new.shape_hash
  on conflict (shape_hash) do update set
    shape = excluded.shape, labels = known.labels || excluded.labels,
    confidence = known.confidence || excluded.confidence, reason = excluded.reason, source = excluded.source,
    model = excluded.model, codebook = excluded.codebook, codebook_hash = excluded.codebook_hash,
    prompt_version = excluded.prompt_version, answered_at = excluded.answered_at
  where case
    when (known.source = 'person') = (excluded.source = 'person') then known.answered_at < excluded.answered_at
    else excluded.source = 'person'
  end;
  update shape_answers set used_at = new.used_at where shape_hash = new.shape_hash and used_at < new.used_at;
  return null;
end
$$;

-- The same decision is written again where a run has overridden it.
create function copy_earlier_human_answer() returns trigger language plpgsql as $$
begin
  insert into human_answers as known select * from earlier_human_answers where shape_hash = new.shape_hash
  on conflict (shape_hash) do update set
    shape = excluded.shape, labels = excluded.labels, reason = excluded.reason, codebook = excluded.codebook,
    codebook_hash = excluded.codebook_hash, decided_by = excluded.decided_by, decided_at = excluded.decided_at,
    overridden_by = excluded.overridden_by
  where known.decided_at < excluded.decided_at
    or (known.decided_at = excluded.decided_at and known.overridden_by is null and excluded.overridden_by is not null);
  return null;
end
$$;

create function copy_earlier_decision() returns trigger language plpgsql as $$
begin
  insert into review_decisions select * from earlier_decisions earlier
    where earlier.run_id = new.run_id and earlier.indicator_id = new.indicator_id
  on conflict do nothing;
  return null;
end
$$;

create trigger copy_to_result_inputs after insert or update on indicators
  for each row execute function copy_earlier_input();
create trigger copy_to_results after insert or update on classifications
  for each row execute function copy_earlier_result();
create trigger copy_to_result_history after insert or update on classification_history
  for each row execute function copy_earlier_history();
create trigger copy_to_shape_answers after insert or update on answers
  for each row execute function copy_earlier_answer();
create trigger copy_to_human_answers after insert or update on person_answers
  for each row execute function copy_earlier_human_answer();
create trigger copy_to_review_decisions after insert or update on review_items
  for each row execute function copy_earlier_decision();

-- An older release opens no new run: its results would know no catalogue and no codebook. It may write the row of a run
-- again that is there, or that began long ago and was deleted by retention. Class 57 of SQLSTATE makes the older release
-- try again, which a newer replica then answers. Of a server's error the older release shows no text but the names of
-- schema objects, so the sentence stands in the name of the constraint.
create function refuse_run_of_earlier_release() returns trigger language plpgsql as $$
begin
  if new.started_at > clock_timestamp() - interval '10 minutes'
    and not exists (select from runs where run_id = new.run_id)
  then
    raise exception 'an older release of classify opens no new run, because a newer release has upgraded the database'
      using errcode = 'operator_intervention', constraint =
        'the database was upgraded by a newer release: this replica finishes what it holds and opens no new run; '
        'stop it, or update it to the newer release';
  end if;
  return new;
end
$$;

create trigger refuse_earlier_release before insert on runs
  for each row when (new.writes is null) execute function refuse_run_of_earlier_release();
