-- Which shape which reviewer has before them, so that two reviewers never decide the same one. A row is deleted with its decision;
-- one that has expired is anyone's.
create table review_cards (
  codebook_name text collate "C" not null check (codebook_name <> ''),
  shape_hash text collate "C" not null check (shape_hash <> ''),
  -- One open page of one reviewer.
  holder text collate "C" not null check (holder <> ''),
  expires_at timestamptz not null,
  primary key (codebook_name, shape_hash)
);
