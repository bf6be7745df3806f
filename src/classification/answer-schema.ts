/** The JSON schema of a model's answer, in the strict subset that OpenAI accepts. The subset has no bounds for numbers, so `answers.ts` checks them. */

import { AGGREGATION_DEFINITIONS, ORIENTATION_VIEWPOINT } from './codebook/definitions.ts'
import { DIVISION_RULING, RATIO_AGGREGATION_RULING } from './codebook/rulings.ts'
import { AGGREGATIONS, ORIENTATIONS, TYPES } from './codebook.ts'

export const ANSWER_SCHEMA_NAME = 'indicator_classifications'

const PERIOD_RATE_RULE = `period-rate exactly when ${AGGREGATION_DEFINITIONS['period-rate'].when}.`
const PERCENT_SURE = { type: 'integer', description: 'How sure, a whole number of 0 to 100.' } as const

/**
 * The answer schema, which is the same for every request, because a provider caches it together with the prompt. The property
 * `reason` stands before the labels, because a model writes properties in this order and so explains before it decides.
 */
export const ANSWER_SCHEMA = {
  type: 'object',
  properties: {
    answers: {
      type: 'array',
      description: 'Exactly one element for every indicator asked, in the order asked.',
      items: {
        type: 'object',
        properties: {
          key: { type: 'string', description: 'The key of the indicator, copied exactly.' },
          reason: { type: 'string', description: 'What decides it, at most 15 words.' },
          type: {
            type: 'string',
            enum: TYPES,
            description: `The first type of the codebook that fits. ${DIVISION_RULING}`,
          },
          temporal_aggregation: {
            type: 'string',
            enum: AGGREGATIONS,
            description: `${PERIOD_RATE_RULE} ${RATIO_AGGREGATION_RULING}`,
          },
          orientation: { type: 'string', enum: ORIENTATIONS, description: ORIENTATION_VIEWPOINT },
          confidence: {
            type: 'object',
            properties: { type: PERCENT_SURE, temporal_aggregation: PERCENT_SURE, orientation: PERCENT_SURE },
            required: ['type', 'temporal_aggregation', 'orientation'],
            additionalProperties: false,
          },
        },
        required: ['key', 'reason', 'type', 'temporal_aggregation', 'orientation', 'confidence'],
        additionalProperties: false,
      },
    },
  },
  required: ['answers'],
  additionalProperties: false,
} as const
