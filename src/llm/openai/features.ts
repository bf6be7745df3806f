/** Remembers for each model which form of request its endpoint takes: which parameters, and which way to ask for JSON.
 *
 * A refusal that names a parameter of ours costs that parameter. Any other refusal of a model that has not answered yet is
 * tried in the next weaker form, since no list of words knows every endpoint; the form counts once it has been answered. What
 * was learned holds for the life of the process, and the log says it once.
 */
import type { Logger } from 'pino'
import { isRecord } from '../../lib/json/json.ts'

/** The ways to ask for JSON, from the strictest to the one that every endpoint accepts. */
const ANSWER_FORMS = ['strict-schema', 'schema', 'json-object', 'text'] as const
/** The names of the parameter that bounds the answer, the newer first. */
const TOKEN_BOUNDS = ['max_completion_tokens', 'max_tokens'] as const

/** The optional parameters that a request carries beside the model and the messages. */
export interface Features {
  readonly cacheKey: boolean
  readonly reasoningEffort: boolean
  readonly serviceTier: boolean
  readonly tokenBound: (typeof TOKEN_BOUNDS)[number]
  readonly answerForm: (typeof ANSWER_FORMS)[number]
}

export interface FeatureRegister {
  /**
   * The parameters to send to `model`, without those that it has refused. A model in a service tier is known by another name than the
   * same model in none, because it may refuse one tier and take another. `hasTier` says whether a service tier is asked for.
   */
  of(model: string, hasTier: boolean): Features
  /** Learns that a request which was sent with `sent` was answered. */
  accepted(model: string, sent: Features): void
  /**
   * The parameters with which to send a request again that was sent with `sent` and refused with `body`; null where another
   * form would not help. One request is sent again at most 7 times, because no parameter returns.
   */
  weaker(model: string, sent: Features, body: unknown): Features | null
}

/** Texts of refusals for a parameter that the endpoint does not support. */
const UNSUPPORTED =
  /unsupported|not supported|unknown|unrecogni[sz]ed|unexpected|not permitted|not allowed|not available|unavailable|extra[ _](?:inputs?|fields?|forbidden)|(?:does not|doesn't|do not|don't|cannot|can't) (?:support|be disabled)|must be\b|input should be|literal_error|\binvalid\b|only works? (?:in|with)/i

/** The names by which refusals speak of a parameter. "strict" is looked for before the response format that contains it. */
const NAMES = {
  cacheKey: /\bprompt_cache_key\b/,
  reasoningEffort: /\breasoning(?:[_.]effort)?\b|\bthinking\b/i,
  serviceTier: /\bservice[_ ]tier\b/i,
  tokenBound: /\bmax_completion_tokens\b/,
  strict: /\bstrict\b|\badditionalProperties\b/,
  answerForm: /\bresponse_format\b|\bjson_schema\b|\bjson_object\b/,
} as const

/** A message about a wrong schema names the parameter that carries it and yet means the schema; the loose form may still be taken. */
const INVALID_SCHEMA = /invalid schema/i

/** The parameters of the first request to a model for which a service tier is asked. */
const ALL: Features = {
  cacheKey: true,
  reasoningEffort: true,
  serviceTier: true,
  tokenBound: 'max_completion_tokens',
  answerForm: 'strict-schema',
}
/** The plainest form that there is. */
const PLAIN: Features = {
  ...{ cacheKey: false, reasoningEffort: false, serviceTier: false },
  ...{ tokenBound: 'max_tokens', answerForm: 'text' },
}

/**
 * How many requests of a model that has not answered may go through all forms in vain. The reason is then another one, and
 * further requests are sent in one form.
 */
const MOST_VAIN = 2

interface Known {
  features: Features
  isAnswered: boolean
  vain: number
}

export function createFeatureRegister(log: Logger): FeatureRegister {
  const models = new Map<string, Known>()
  /** The forms that a refusal has led to, until they are answered. */
  const onTrial = new WeakSet<Features>()

  function knownOf(model: string, hasTier = false): Known {
    const features = hasTier ? ALL : { ...ALL, serviceTier: false }
    const known = models.get(model) ?? { features, isAnswered: false, vain: 0 }
    models.set(model, known)
    return known
  }

  return {
    of: (model, hasTier) => knownOf(model, hasTier).features,

    accepted(model, sent) {
      const known = knownOf(model)
      known.isAnswered = true
      const after = onTrial.has(sent) ? weakest(known.features, sent) : known.features
      // Other requests in flight learn the same, so only the first is logged.
      if (!isSame(known.features, after)) {
        const form = `${after.answerForm}${after.cacheKey ? '' : ' without optional parameters'}`
        const message = `the model endpoint refused the request until it was sent in the form ${form}, which is kept for the life of this process`
        log.warn({ model, form: after }, message)
      }
      known.features = after
    },

    weaker(model, sent, body) {
      const known = knownOf(model)
      const named = without(sent, body)
      if (named !== null) {
        // What is on trial beside the refused parameter is not learned yet.
        const [lost] = keysOf(sent).filter((key) => sent[key] !== named.features[key])
        const learned = weakest(known.features, named.features)
        const after = lost === undefined ? known.features : { ...known.features, [lost]: learned[lost] }
        if (!isSame(known.features, after)) {
          const message = `the model endpoint does not take ${named.parameter}: ${named.instead} for the life of this process`
          log.warn({ model, parameter: named.parameter }, message)
        }
        known.features = after
        if (onTrial.has(sent)) onTrial.add(learned)
        return learned
      }
      const joined = weakest(known.features, sent)
      if (!isSame(joined, sent)) return joined
      if (known.isAnswered || known.vain >= MOST_VAIN) return null
      const next = nextWeaker(sent)
      if (next === null) known.vain += 1
      else onTrial.add(next)
      return next
    },
  }
}

function keysOf(features: Features): readonly (keyof Features)[] {
  return Object.keys(features) as (keyof Features)[]
}

function isSame(one: Features, other: Features): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

/** The next way to ask for JSON; null behind the last one. The last one also drops all optional parameters. */
function nextWeaker(sent: Features): Features | null {
  const form = ANSWER_FORMS[ANSWER_FORMS.indexOf(sent.answerForm) + 1]
  if (form !== undefined && form !== 'text') return { ...sent, answerForm: form }
  return isSame(sent, PLAIN) ? null : { ...PLAIN }
}

function wordsOf(body: unknown): string {
  if (!isRecord(body)) return ''
  return [body.message, body.code, body.type].filter((word) => typeof word === 'string').join(' ')
}

interface Weaker {
  readonly features: Features
  readonly parameter: string
  readonly instead: string
}

function without(sent: Features, body: unknown): Weaker | null {
  const words = wordsOf(body)
  if (!isRecord(body) || !UNSUPPORTED.test(words) || INVALID_SCHEMA.test(words)) return null
  // The refusal's `param` names the refused parameter; its message may name other parameters as advice.
  const named = typeof body.param === 'string' && body.param !== '' ? body.param : words
  if (sent.cacheKey && NAMES.cacheKey.test(named)) {
    return { features: { ...sent, cacheKey: false }, parameter: 'prompt_cache_key', instead: 'it is left out' }
  }
  if (sent.reasoningEffort && NAMES.reasoningEffort.test(named)) {
    const instead = 'it is left out, and answers may be cut off where the model reasons'
    return { features: { ...sent, reasoningEffort: false }, parameter: 'reasoning_effort', instead }
  }
  if (sent.serviceTier && NAMES.serviceTier.test(named)) {
    const instead = 'it is left out, and requests cost what the endpoint takes without it'
    return { features: { ...sent, serviceTier: false }, parameter: 'service_tier', instead }
  }
  if (sent.tokenBound === 'max_completion_tokens' && NAMES.tokenBound.test(named)) {
    const features: Features = { ...sent, tokenBound: 'max_tokens' }
    return { features, parameter: 'max_completion_tokens', instead: 'max_tokens takes its place' }
  }
  if (NAMES.strict.test(named) || NAMES.answerForm.test(named)) return withoutForm(sent, named)
  return null
}

function withoutForm(sent: Features, named: string): Weaker | null {
  if (sent.answerForm === 'text') return null
  if (NAMES.strict.test(named) && sent.answerForm === 'strict-schema') {
    const features: Features = { ...sent, answerForm: 'schema' }
    const instead = 'the schema is sent without it'
    return { features, parameter: 'the strict schema (strict, additionalProperties)', instead }
  }
  if (sent.answerForm === 'json-object') {
    const features: Features = { ...sent, answerForm: 'text' }
    return { features, parameter: 'response_format', instead: 'the schema is asked for in words' }
  }
  const features: Features = { ...sent, answerForm: 'json-object' }
  const instead = 'json_object and the schema in words take its place'
  return { features, parameter: 'response_format json_schema', instead }
}

/** Joins what two requests in flight have learned: a parameter that either of them lost stays out. */
function weakest(a: Features, b: Features): Features {
  const later = <T>(order: readonly T[], x: T, y: T): T => (order.indexOf(x) > order.indexOf(y) ? x : y)
  return {
    cacheKey: a.cacheKey && b.cacheKey,
    reasoningEffort: a.reasoningEffort && b.reasoningEffort,
    serviceTier: a.serviceTier && b.serviceTier,
    tokenBound: later(TOKEN_BOUNDS, a.tokenBound, b.tokenBound),
    answerForm: later(ANSWER_FORMS, a.answerForm, b.answerForm),
  }
}
