/** The service tiers in which a model endpoint works: their names, the words that endpoints use for them, and by which one is billed. */

/** Flex is half as dear, slow, and sometimes refused for want of capacity; priority is faster and dearer. */
export const SERVICE_TIERS = ['flex', 'standard', 'priority'] as const

export type ServiceTier = (typeof SERVICE_TIERS)[number]

/** The words of endpoints for the tiers; "scale" is standard work under a contract, and Groq says "on_demand". */
const TIERS_BY_WORD: Readonly<Record<string, ServiceTier>> = {
  flex: 'flex',
  default: 'standard',
  standard: 'standard',
  on_demand: 'standard',
  scale: 'standard',
  priority: 'priority',
  fast: 'priority',
}

/** The value of the parameter service_tier: OpenAI calls the standard tier "default". */
export function sentTierOf(tier: ServiceTier): 'flex' | 'default' | 'priority' {
  return tier === 'standard' ? 'default' : tier
}

/** The tier that an answer names; undefined where it names none that is known. */
export function tierNamed(word: unknown): ServiceTier | undefined {
  return typeof word === 'string' && Object.hasOwn(TIERS_BY_WORD, word) ? TIERS_BY_WORD[word] : undefined
}

/**
 * The tier by which a request is billed that asked for `asked`: the one that its answer names. Where it names none, an endpoint may
 * not know tiers, so that a request counts as flex only where the answer says so. Undefined where nobody has spoken of tiers.
 */
export function billedTier(
  asked: ServiceTier | undefined,
  isSent: boolean,
  named: ServiceTier | undefined,
): ServiceTier | undefined {
  if (named !== undefined || asked === undefined) return named
  return isSent && asked === 'priority' ? 'priority' : 'standard'
}

/**
 * The tiers in which a request may end that asks for `asked`: an endpoint may lower it to standard, and where none is asked for, the
 * settings of the account decide.
 */
export function tiersOfBill(asked: ServiceTier | undefined): readonly ServiceTier[] {
  if (asked === undefined) return ['standard', 'priority']
  return asked === 'standard' ? ['standard'] : [asked, 'standard']
}
