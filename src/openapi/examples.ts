/** The example of each handler in the OpenAPI document, which a test sends to a running service. */
import type { Examples } from './api-paths.ts'

const HASH = '3f0a8d5c4b7e9126d0c1e2f3a4b5c6d7e8f90123456789abcdef0123456789ab'
const MODEL = 'gpt-6-luna'
const BATCH = {
  indicators: [
    {
      indicator_id: 'release-2026-11-12',
      name: 'Consumer prices rise 2.1 % in October',
      description: 'Rents and food were dearer than a year ago, the statistical office says.',
    },
  ],
  catalogue: 'releases',
  codebook: 'release-topics',
  run_id: 'nightly-2026-11-29',
}

const RESULT = {
  ...{ indicator_id: 'release-2026-11-12', name: 'Consumer prices rise 2.1 % in October', catalogue: 'releases' },
  ...{ codebook: 'release-topics@1', topics: ['prices'], kind: 'figures', codebook_hash: HASH },
  field_confidence: { topics: 0.97, kind: 0.96 },
  field_source: { topics: 'model', kind: 'model' },
  ...{ confidence: 0.94, source: 'model', status: 'accepted', issues: [] },
  reason: 'The headline states a rise of consumer prices.',
  ...{ model: MODEL, prompt_version: 'p2', run_id: 'nightly-2026-11-29' },
  ...{ classified_at: '2026-11-29T04:00:01.250Z', codebook_version: '1' },
}

const SUMMARY = {
  ...{ indicators: 1, classified: 1, unchanged: 0, needs_review: 0, unverified: 0 },
  ...{ unchanged_needs_review: 0, unchanged_unverified: 0 },
  by_source: { rules: 0, reuse: 0, model: 1, escalation: 0, person: 0 },
  model_requests: 1,
  tokens: { input: 1_450, cached: 1_280, output: 42 },
  cost_usd: 0.000051,
  warnings: [],
}

const { warnings, unchanged_needs_review, unchanged_unverified, ...TOTALS } = SUMMARY
const DRIVER = { host: 'etl-2', pid: 4_711, since: '2026-11-29T04:00:00.000Z', expires_in_ms: 8_120 }
const RUN = {
  ...{ run_id: 'nightly-2026-11-29', started_at: '2026-11-29T04:00:00.000Z', updated_at: '2026-11-29T04:00:01.300Z' },
  ...{ state: 'running', wanted: 'running', max_cost_usd: null, cost_stop: null, driver: DRIVER },
  ...{ catalogue: 'releases', codebook: 'release-topics@1', command: 'classify releases.csv', size: 1 },
  ...{ indicators_per_minute: 60, batches: 1, answered: 1, ...TOTALS },
}

export const EXAMPLES: Examples = {
  batch: { request: BATCH, response: { run_id: 'nightly-2026-11-29', results: [RESULT], summary: SUMMARY } },
  estimate: {
    request: BATCH,
    response: {
      ...{ model: MODEL, escalation_model: null },
      price: { input: 0.1, cached_input: 0.01, cache_write: 0.125, output: 0.5 },
      ...{ escalation_price: null, prefix_tokens: 1_280, habits: null },
      ...{ unchanged: 1, rules: 0, reuse: 0, person: 0, changed_decisions: 0, limits_cost: true, asks: [] },
    },
  },
  status: {
    request: { indicator_id: 'release-2026-11-12', catalogue: 'releases' },
    response: RESULT,
  },
  review: {
    request: {
      ...{ catalogue: 'releases', codebook: 'release-topics', by: 'anna', dry_run: true },
      decisions: [
        {
          indicator_id: 'release-2026-11-12',
          corrections: { topics: ['prices'], kind: 'figures' },
          note: 'The release names the monthly index.',
        },
      ],
    },
    response: {
      ...{ run_id: null, by: 'anna', accepted: 0, corrected: 1, shapes: 1 },
      items: [
        {
          ...{ indicator_id: 'release-2026-11-12', catalogue: 'releases', decision: 'correct' },
          before: { topics: ['work'], kind: 'notice' },
          after: { topics: ['prices'], kind: 'figures' },
        },
      ],
      dry_run: true,
    },
  },
  why: {
    request: { indicator_id: 'release-2026-11-12', catalogue: 'releases' },
    response: {
      ...{ indicator_id: 'release-2026-11-12', catalogue: 'releases', codebook: 'release-topics@1' },
      ...{ findings: [], evidence: [] },
      prompt: '{"key":"k1","name":"Consumer prices rise 2.1 % in October"}',
      answer: {
        labels: { topics: ['prices'], kind: 'figures' },
        confidence: { topics: 0.97, kind: 0.96 },
        ...{ reason: RESULT.reason, source: 'model', model: MODEL, prompt_version: 'p2' },
      },
    },
  },
  run: { request: { run_id: 'nightly-2026-11-29' }, response: RUN },
  runs: { request: { limit: 20 }, response: { runs: [RUN] } },
  drive: {
    request: { run_id: 'nightly-2026-11-29', wanted: 'paused' },
    response: {
      ...{ run_id: 'nightly-2026-11-29', state: 'paused', wanted: 'paused', max_cost_usd: null },
      driver: { ...DRIVER, token: '6f1d2c3b-0d7e-4b8a-9f6e-5a4b3c2d1e0f', machine: 'b1946ac9' },
    },
  },
  health: {
    response: {
      ...{ service: 'classify-service-3', status: 'ok', uptime_s: 86_400, model: MODEL },
      ...{ database_time: '2026-11-12T09:30:00.000Z', clock_skew_s: 0 },
    },
  },
  evidence: {
    request: { catalogue: 'releases', codebook: 'release-topics' },
    response: { catalogue: 'releases', codebook: 'release-topics@1', target: 0.97, models: [], fields: [] },
  },
  budget: {
    request: {},
    response: {
      ...{ rpm: 1_000, tpm: null, safety: 0.99, paused_ms: 0, pace_factor: 1 },
      account: { rpm: 1_000, tpm: 2_000_000 },
      replicas: [
        {
          ...{ name: 'classify-service-3', share: 1, rpm: 990, tpm: null },
          ...{ demand: 12, in_flight: 9, expires_in_ms: 2_400 },
        },
      ],
    },
  },
  codebook: {
    request: {},
    response: { codebooks: [{ name: 'release-topics', version: '1', hash: HASH }] },
  },
}
