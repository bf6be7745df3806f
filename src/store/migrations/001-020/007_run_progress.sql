-- How many indicators of a run the model has answered, those of batches that are still open included, so that a client can
-- show progress before a batch ends. Replicas add to it about once a second; a replica that is killed loses its last second.
alter table runs add column answered bigint not null default 0 check (answered >= 0);
