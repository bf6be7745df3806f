-- Results are searched by words, by labels, by the rules that decided, by source, by run and by confidence.

-- The words of names and ids as they stand, without the endings that one language drops.
create index results_by_words on results
  using gin (to_tsvector('simple'::regconfig, left(name, 2000) || ' ' || indicator_id));
create index results_by_labels on results using gin (labels jsonb_path_ops);
create index results_by_rules on results using gin (field_source jsonb_path_ops);
create index results_by_source on results (codebook_name, source);
create index results_by_run on results (run_id);
create index results_by_confidence on results (codebook_name, confidence);
