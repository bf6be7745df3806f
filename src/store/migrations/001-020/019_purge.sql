-- Which runs an answer was given in or reused in, so that purging a run deletes the answers that no other run needs. Replicas of
-- earlier releases write no rows here; an answer without any row is one of theirs.
create table answer_uses (
  run_id text collate "C" not null check (run_id <> ''),
  shape_hash text collate "C" not null check (shape_hash <> ''),
  primary key (run_id, shape_hash)
);

-- A hash index, because it is only asked for equal hashes and costs less to write than one in order.
create index answer_uses_by_shape on answer_uses using hash (shape_hash);

-- The invocation that saved the batch, whose journal and answer Restate keeps for a while. Null: a review saved it, or an
-- earlier release.
alter table run_batches add column invocation_id text;
