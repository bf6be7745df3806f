-- The order of results and answers does not rest on clocks: each batch takes a number when it is planned, and a greater
-- number is newer. Rows that a release before this one wrote have 0, so that a time of theirs that lies in the future,
-- from a machine whose clock was ahead, keeps nothing back.
create sequence result_sequence as bigint;

alter table results add column sequence bigint not null default 0;
alter table result_inputs add column sequence bigint not null default 0;
alter table result_history add column sequence bigint not null default 0;
alter table shape_answers add column sequence bigint not null default 0;
