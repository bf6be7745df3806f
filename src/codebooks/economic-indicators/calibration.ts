/** How often readers, rules and a model were right on labelled indicators that nothing had been tuned on. */
import type { Calibration } from '../types.ts'

export const CALIBRATION: Calibration = {
  records: 0,
  rules: {
    type: { sure: 0.9, guess: 0.7 },
    temporal_aggregation: { sure: 0.9, guess: 0.7 },
    orientation: { sure: 0.9, guess: 0.7 },
    unit_kind: { sure: 0.9, guess: 0.7 },
    unit_scale: { sure: 0.9, guess: 0.7 },
    unit_currency: { sure: 0.9, guess: 0.7 },
    unit_per: { sure: 0.9, guess: 0.7 },
    frequency: { sure: 0.9, guess: 0.7 },
  },
  model: {},
  spread: 0.5,
}
