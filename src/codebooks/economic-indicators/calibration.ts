/** How far readers, rules and a model can be relied on, by labelled indicators that nothing had been tuned on. */
import type { Calibration } from '../types.ts'

/**
 * Fitted with `npm run eval -- FILE --fit` on `calibration-labels.jsonl`, which the README beside it describes: no rule was tuned on
 * it. A test checks that the figures are current. `unit_per` was not labelled, and has the least figure of the others. No live model was
 * measured, so that a model is taken at its word.
 */
export const CALIBRATION: Calibration = {
  records: 210,
  rules: {
    type: { sure: 0.977, guess: 0.82 },
    temporal_aggregation: { sure: 0.976, guess: 0.843 },
    orientation: { sure: 0.975, guess: 0.835 },
    unit_kind: { sure: 0.994, guess: 0.66 },
    unit_scale: { sure: 0.994, guess: 0.925 },
    unit_currency: { sure: 0.994, guess: 0.823 },
    unit_per: { sure: 0.975, guess: 0.66 },
    frequency: { sure: 0.991, guess: 0.795 },
  },
  model: {},
  spread: 0.406,
}
