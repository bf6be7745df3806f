-- `review list` reads two kinds of rows in order of their id: results that need a review, which have the index
-- classifications_needs_review, and results that a person decided under another codebook, which had none.
create index classifications_by_person on classifications (indicator_id, codebook_version) where source = 'person';

-- When an answer was last written or reused, exact to a day: retention goes by it. Answers that are there already count as
-- used at the moment of this migration, because nothing says when they were.
alter table answers add column used_at timestamptz not null default now();
create index answers_by_use on answers (used_at);
