-- The series of the model `series` beside their labels. A series that is not classified yet has none.
{{ config(
    materialized='table',
    post_hook="create index if not exists labelled_series_by_status on {{ this }} (status)"
) }}
select
  s.*,
  r.labels ->> 'topics' as topics,
  r.labels ->> 'kind' as kind,
  r.status,
  r.confidence,
  r.run_id,
  r.classified_at
from {{ ref('series') }} as s
left join {{ source('classify', 'results') }} as r
  on r.catalogue = 'warehouse' and r.codebook_name = 'release-topics' and r.indicator_id = s.indicator_id
