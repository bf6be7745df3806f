-- The most that a run may cost in US dollars, as its driver was told at its start or as a person has set it since. The driver
-- reads it every few seconds. Null for a run without a limit, and for one that a driver of an earlier release began.
alter table runs add column max_cost_usd double precision check (max_cost_usd >= 0);
