-- Results are searched by words, by labels and by the rules that decided. The functions are immutable, so that indexes may rest on
-- them, and what they find is the same for every reader.

-- The words of a name and an id as they stand, without the endings that one language drops.
create function result_words(id text, name text) returns tsvector language sql immutable parallel safe as $$
  select to_tsvector('simple', left(name, 2000) || ' ' || id)
$$;

-- What a result is found by: "field=label" for each label, "rule NAME" for each rule that decided a field, and "source NAME".
create function result_facets(labels jsonb, field_source jsonb, source text) returns text[]
language sql immutable parallel safe as $$
  select array(
    select distinct facet from (
      select l.key || '=' || left(l.value #>> '{}', 200) as facet
      from jsonb_each(labels) l where jsonb_typeof(l.value) in ('string', 'number')
      union all
      select l.key || '=' || left(e.value, 200)
      from jsonb_each(labels) l, jsonb_array_elements_text(case jsonb_typeof(l.value) when 'array' then l.value else '[]' end) e
      union all
      select 'rule ' || left(s.value, 200) from jsonb_each_text(field_source) s
      where s.value not in ('model', 'escalation', 'person', 'reuse', 'rules')
      union all
      select 'source ' || source
    ) as facets where facet is not null
  )
$$;

create index results_by_words on results using gin (result_words(indicator_id, name));
create index results_by_facets on results using gin (result_facets(labels, field_source, source));
create index results_by_run on results (run_id);
create index results_by_confidence on results (codebook_name, confidence);
