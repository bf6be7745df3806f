/** The options of batches in tests that are not about evidence: rules go by the shipped evidence, and nothing is audited. */
import { packRuleOf } from '../../../src/classification/chunks.ts'
import type { PrepareOptions } from '../../../src/restate/batch/prepare.ts'
import type { BatchOptions } from '../../../src/restate/batch/types.ts'

/** The part of a request that makes a batch go by the shipped evidence. */
export const SHIPPED = { options: { trust: 'shipped' } } as const

export const UNAUDITED: PrepareOptions = { mode: 'hybrid', trust: null, isAudit: () => false }

export const OPTIONS: BatchOptions = {
  ...{ mode: 'hybrid', reuse: true, force: false, overridePerson: false, pack: packRuleOf(10) },
  ...{ target: null, audit: 'none', maxCostUsd: null, serviceTier: null, tierFallback: false },
}
