/** Quirks of endpoints with service tiers: flex without capacity, tiers that are lowered, not named or not known. */
import { message, type Quirk, type Reply, refusal, type Seen } from './types.ts'

const isFlex = ({ body }: Seen) => body.service_tier === 'flex'
/** A clean answer that names its tier as OpenAI does. */
const inTier = (seen: Seen, tier: unknown): Reply => message(seen, { content: seen.text }, {}, { service_tier: tier })
const named = (seen: Seen) => inTier(seen, seen.body.service_tier ?? 'default')

/** OpenAI's refusal of a flex request for which it has no resources; nothing is billed. */
const noResources = () =>
  refusal(429, 'Resource unavailable: there are not enough resources for Flex processing now.', {
    ...{ type: 'resource_unavailable', code: 'resource_unavailable' },
  })

export const TIERS = {
  'tiers-named': named,
  'flex-one-in-five-refused': (seen) => (isFlex(seen) && seen.index % 5 === 2 ? noResources() : named(seen)),
  'flex-never-free': (seen) => (isFlex(seen) ? noResources() : named(seen)),
  'flex-groq-498': (seen) =>
    isFlex(seen) && seen.index % 2 === 0
      ? refusal(498, 'Flex tier capacity exceeded', { code: 'capacity_exceeded' })
      : named(seen),
  'flex-served-standard': (seen) => inTier(seen, 'default'),
  'tier-not-named': (seen) => inTier(seen, undefined),
  'tier-named-oddly': (seen) => inTier(seen, { tier: 'flex' }),
  'tier-not-known': (seen) =>
    'service_tier' in seen.body
      ? refusal(400, "Unrecognized request argument supplied: 'service_tier'", { param: 'service_tier' })
      : inTier(seen, undefined),
  'flex-not-for-model': (seen) =>
    isFlex(seen)
      ? refusal(400, 'Invalid service_tier argument: flex is not available for this model.', { param: 'service_tier' })
      : named(seen),
} as const satisfies Readonly<Record<string, Quirk>>
