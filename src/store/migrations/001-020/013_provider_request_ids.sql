-- The id that the model's endpoint gave to a request, by which its support finds the request.
alter table llm_requests add column provider_request_id text;
