/** The answers without results of the HTTP API as types. `npm run openapi` writes this file from the schemas of the service. */

export type HealthResponse = {
  /** The name of the replica that answered, such as "classify-service-3". */
  readonly service: string
  readonly status: 'ok' | 'unavailable'
  /** The check that failed; absent while all is well. */
  readonly failing?: string
  readonly message?: string
  /** What does not keep the replica from its work, and should be looked at all the same. */
  readonly warnings?: readonly { readonly code: string; readonly message: string }[]
  /** The time by the database's clock. */
  readonly database_time?: string
  /** The clock of the replica's machine minus the database's, in seconds. */
  readonly clock_skew_s?: number
  readonly uptime_s: number
  /** The model that the replica asks, as configured. */
  readonly model: string
}

export type Live = { readonly service: string; readonly status: 'alive'; readonly uptime_s: number }

export type EstimateResponse = {
  readonly model: string
  readonly escalation_model: string | null
  /** The price of the model; null where none is known, in which case the model counts as free. */
  readonly price: {
    readonly input: number
    readonly cached_input?: number
    readonly cache_write?: number
    readonly output: number
    /** The month of a price of the built-in table. */
    readonly as_of?: string
    /** The model whose price is used, where the model that answers is free. */
    readonly priced_as?: string
  } | null
  readonly escalation_price: {
    readonly input: number
    readonly cached_input?: number
    readonly cache_write?: number
    readonly output: number
    /** The month of a price of the built-in table. */
    readonly as_of?: string
    /** The model whose price is used, where the model that answers is free. */
    readonly priced_as?: string
  } | null
  /** The service tier of these prices; absent where none is asked for. */
  readonly service_tier?: 'flex' | 'standard' | 'priority'
  /** The tokens that every request begins with. */
  readonly prefix_tokens: number
  /** What requests of the last days took; null where there were too few. */
  readonly habits: {
    readonly output_per_indicator: number
    readonly cached_share: number
    /** Requests and tokens of all requests for each first one; earlier releases leave it out. */
    readonly repeats?: { readonly requests: number; readonly input: number; readonly output: number }
  } | null
  /** Indicators whose stored result still holds. */
  readonly unchanged: number
  /** Indicators that rules decide. */
  readonly rules: number
  /** Indicators that an answer for the same shape decides. */
  readonly reuse: number
  /** Indicators that an answer of a person decides. */
  readonly person: number
  /** Indicators that a person had decided and that are decided anew, because they have changed since. */
  readonly changed_decisions?: number
  /** Whether the service keeps a run within a limit on its cost; releases that do not leave it out. */
  readonly limits_cost?: boolean
  /** What the model would be asked, by shape. */
  readonly asks: readonly {
    readonly shape: string
    readonly tokens: number
    readonly fields: number
    readonly answer_tokens: number
  }[]
}

export type WhyResponse = {
  readonly indicator_id: string
  readonly catalogue: string
  readonly codebook: string
  /** What the rules find of the stored input by the running release. */
  readonly findings: readonly ({
    readonly field: string
    readonly value: string | number | readonly string[] | null
    readonly sure: boolean
    readonly rule: string
    /** The words that the finding rests on, what they mean, and the rule. */
    readonly because: string
    /** Whether the rule decided the field in the stored result. */
    readonly stands: boolean
  })[]
  /** What audits and labels of the catalogue show of the rules, field by field. */
  readonly evidence: readonly ({
    readonly field: string
    readonly state: 'trusted' | 'untrusted' | 'undecided'
    readonly audits: number
    readonly counted: number
    readonly misses: number
    /** The lower bound of the share in which the rules agree or are right. */
    readonly bound: number
  })[]
  /** What a model is shown of the record, one JSON object; null where nothing is asked of it. */
  readonly prompt: string | null
  /** The stored answer to records of this shape; null where there is none, or where it has expired. */
  readonly answer: {
    readonly labels: Readonly<Record<string, string | number | readonly string[] | null>>
    readonly confidence: Readonly<Record<string, number>>
    readonly reason: string
    readonly source: 'model' | 'escalation' | 'person'
    readonly model: string | null
    readonly prompt_version: string
  } | null
}

export type DriveResponse = {
  readonly run_id: string
  readonly state: 'running' | 'paused' | 'stopping' | 'complete' | 'incomplete' | 'stopped' | 'interrupted' | 'abandoned' | 'untracked'
  readonly wanted: 'running' | 'paused' | 'stopped'
  /** The most that the run may cost in US dollars, as it was told or set last; null where nobody has. */
  readonly max_cost_usd?: number | null
  readonly driver: {
    readonly host: string
    readonly pid: number
    readonly since: string
    /** The milliseconds until the lease ends unless it is renewed; below 0 after its end. */
    readonly expires_in_ms: number
    readonly token: string
    readonly machine?: string
  } | null
}

export type ReviewResponse = {
  /** The run under which the decisions are stored; null for a dry run. */
  readonly run_id: string | null
  /** Who decided, as the record of decisions says it. */
  readonly by: string
  readonly accepted: number
  readonly corrected: number
  /** How many shapes have these answers from the next run on. */
  readonly shapes: number
  readonly items: readonly ({
    readonly indicator_id: string
    readonly catalogue: string
    readonly decision: 'accept' | 'correct'
    /** The labels that a model may be asked for, before it. */
    readonly before: Readonly<Record<string, string | number | readonly string[] | null>>
    readonly after: Readonly<Record<string, string | number | readonly string[] | null>>
  })[]
  readonly dry_run: boolean
}

/** The fields of the catalogue that were audited or labelled. */
export type EvidenceResponse = {
  readonly catalogue: string
  readonly codebook: string
  readonly target: number
  /** The models that were asked blind, by the names that their endpoints gave. */
  readonly models?: readonly string[]
  readonly fields: readonly ({
    readonly field: string
    /** Whether the rules may decide the field alone on this catalogue. */
    readonly state: 'trusted' | 'untrusted' | 'undecided'
    readonly reason: string | null
    /** What the verdict rests on: labels of people as soon as they decide the field, else audits. */
    readonly measure?: 'labels' | 'audits'
    /** All outcomes of that measure. */
    readonly audits: number
    /** The outcomes since its count last began anew. */
    readonly counted: number
    /** The misses among the counted outcomes. */
    readonly misses: number
    /** The lower bound of the share in which the rules are right, or agree with the model, 0 to 1. */
    readonly bound: number
    /** The further outcomes after which the field is probably decided; null where that would take too many. */
    readonly expected_more: number | null
    /** The rules that may decide no more. */
    readonly removed: readonly ({
      readonly rule: string
      readonly audits: number
      readonly misses: number
      readonly measure?: 'labels' | 'audits'
    })[]
    readonly sources?: readonly {
      /** rules for all rules together, the name of a rule, or model. */
      readonly source: string
      readonly audits: number
      readonly agreed: number
      readonly labels: number
      readonly right: number
    }[]
    /** The lower bound of how often the rules are right that follows from their agreement with the model and from the rightness of its blind answers; null where either was not counted. */
    readonly rightness?: number | null
  })[]
}

export type BudgetResponse = {
  /** As set for the cluster. The replicas start fewer, by safety, pace_factor and the limits of account. */
  readonly rpm: number
  /** Null means that tokens are not bounded. */
  readonly tpm: number | null
  readonly safety: number
  /** Milliseconds until the cluster starts requests again; 0 while it is not paused. */
  readonly paused_ms: number
  /** Why the cluster is paused, and for how many milliseconds it has been; present only while it is. */
  readonly pause?: { readonly reason: string; readonly for_ms: number }
  /** From 0.1 to 1: the pace is lowered after the provider refused requests for their rate, and returns by itself. */
  readonly pace_factor: number
  /** The limits of the provider's account by the headers of its answers; null where they name none. */
  readonly account: { readonly rpm: number | null; readonly tpm: number | null }
  /** The replicas that hold a lease now. */
  readonly replicas: readonly ({
    readonly name: string
    /** The part of the budget that the replica holds, from 0 to 1. */
    readonly share: number
    readonly rpm: number
    readonly tpm: number | null
    readonly demand: number
    readonly in_flight: number
    readonly expires_in_ms: number
    /** The resident memory of its process at the last renewal; null for a replica of an earlier release. */
    readonly memory_bytes?: number | null
    /** Its release; null for an earlier one. */
    readonly version?: string | null
  })[]
}

export type CodebookResponse = {
  readonly codebooks: readonly { readonly name: string; readonly version: string; readonly hash: string }[]
} | {
  readonly name: string
  readonly version: string
  readonly hash: string
  /** The YAML text of the codebook that was named. */
  readonly text?: string
  /** The texts of its code lists, by file name. */
  readonly lists?: Readonly<Record<string, string>>
  /** Says that name and version are stored with another content as well. */
  readonly warning?: string
}
