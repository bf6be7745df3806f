/** The results and failures of the HTTP API as types. `npm run openapi` writes this file from the schemas of the service. */

/** The envelope that every result has. Beside it stands one property for each field of the codebook: a text or a number, a list of texts where a field may have several labels, null where it has none. */
export type Result = {
  readonly indicator_id: string
  readonly name: string
  /** The catalogue within which the id is unique. */
  readonly catalogue: string
  /** Name and version of the codebook, such as "economic-indicators@2". */
  readonly codebook: string
  /** SHA-256 of the codebook's texts; empty for results of the first releases. */
  readonly codebook_hash: string
  /** The part of `codebook` behind the @. */
  readonly codebook_version: string
  /** By field: the chance that its label is right. */
  readonly field_confidence: Readonly<Record<string, number>>
  /** By field: what decided it, the name of a rule or model, escalation, reuse, person. */
  readonly field_source: Readonly<Record<string, string>>
  /** The chance that all fields that a model may be asked for are right. */
  readonly confidence: number
  /** The strongest source that decided a field. */
  readonly source: 'rules' | 'reuse' | 'model' | 'escalation' | 'person'
  /** accepted rests on evidence, unverified on a guess that nothing has checked, needs-review is for a person. */
  readonly status: 'accepted' | 'unverified' | 'needs-review'
  /** Why the status is not accepted, and odd combinations of labels. */
  readonly issues: readonly {
    /** Stable: match on it. */
    readonly code: string
    /** A sentence for people. */
    readonly message: string
  }[]
  /** What the rules went by, or what the model said. */
  readonly reason: string
  /** The model that answered; null where none had a part. */
  readonly model: string | null
  readonly prompt_version: string
  readonly run_id: string
  /** ISO 8601 in UTC. */
  readonly classified_at: string
}

/** The sums over the batches of a run that are saved so far, and who drives it. Requests, tokens and cost are those of the whole run, as billed so far. */
export type RunStatus = {
  readonly run_id: string
  readonly started_at: string
  /** When the latest batch was saved. */
  readonly updated_at: string
  readonly state: 'running' | 'paused' | 'stopping' | 'complete' | 'incomplete' | 'stopped' | 'interrupted' | 'abandoned' | 'untracked'
  /** What people want of the run; its driver reads it every few seconds. */
  readonly wanted: 'running' | 'paused' | 'stopped'
  /** The most that the run may cost in US dollars, as it was told or set last; null where nobody has. */
  readonly max_cost_usd?: number | null
  /** Where max_cost_usd keeps the run from its next request; null while it does not. */
  readonly cost_stop?: {
    /** The most that the next request can cost. */
    readonly next_usd: number
    /** The least max_cost_usd under which it may start. */
    readonly needed_usd: number
  } | null
  /** The process that submits the batches, or did so until it died; null where none has the run. */
  readonly driver: {
    readonly host: string
    readonly pid: number
    readonly since: string
    /** The milliseconds until the lease ends unless it is renewed; below 0 after its end. */
    readonly expires_in_ms: number
  } | null
  readonly catalogue: string | null
  /** Name and version of the codebook. */
  readonly codebook: string | null
  /** The command that drives or drove the run; null where batches came without one. */
  readonly command: string | null
  /** The number of indicators in the catalogue of the run, where its driver named it. */
  readonly size: number | null
  /** The pace of the minutes before the latest saved batch. */
  readonly indicators_per_minute: number
  readonly batches: number
  /** Indicators that the model has answered, those of open batches included; about a second behind. */
  readonly answered: number
  readonly indicators: number
  readonly classified: number
  /** Indicators whose stored result still holds. */
  readonly unchanged: number
  /** How many of the classified indicators a person should look at. */
  readonly needs_review: number
  /** How many of the classified indicators rest on a guess that nothing has checked. */
  readonly unverified: number
  /** How many of the unchanged results are in need of review. Absent in the sums of a run. */
  readonly unchanged_needs_review?: number
  /** How many of the unchanged results are unverified. Absent in the sums of a run. */
  readonly unchanged_unverified?: number
  /** The classified indicators by their source. */
  readonly by_source: {
    readonly rules: number
    readonly reuse: number
    readonly model: number
    readonly escalation: number
    readonly person: number
  }
  readonly model_requests: number
  readonly tokens: { readonly input: number; readonly cached: number; readonly output: number }
  readonly cost_usd: number
  /** Requests whose tokens are an estimate, and what of cost_usd is for them. Absent where there are none. */
  readonly estimated?: { readonly model_requests: number; readonly cost_usd: number }
  /** What other service tiers than the standard one took. Absent where that is nothing. */
  readonly service_tiers?: {
    readonly flex?: { readonly model_requests: number; readonly cost_usd: number }
    readonly priority?: { readonly model_requests: number; readonly cost_usd: number }
  }
}

/** Why a call failed. The codes are stable: match on them, not on sentences. */
export type Failure = {
  /** The guard's code, or the HTTP status where Restate answers. */
  readonly code?: string | number
  /** Begins with a code of the service, as in "input-not-found: …", where the service itself has failed. */
  readonly message: string
  /** Where Restate answers: ingress for its own failures, invocation for those of the service. */
  readonly source?: string
}

export type BatchResponse = {
  /** The run that the batch belongs to: that of the request, or one made for the call. */
  readonly run_id: string
  /** One result for each indicator, in the order of the request, except for those in `stopped`. */
  readonly results: readonly Result[]
  /** How many results were left out, because the request had the header `x-results: none`. Absent without it. */
  readonly results_left_out?: number
  readonly summary: {
    readonly indicators: number
    readonly classified: number
    /** Indicators whose stored result still holds. */
    readonly unchanged: number
    /** How many of the classified indicators a person should look at. */
    readonly needs_review: number
    /** How many of the classified indicators rest on a guess that nothing has checked. */
    readonly unverified: number
    /** How many of the unchanged results are in need of review. Absent in the sums of a run. */
    readonly unchanged_needs_review?: number
    /** How many of the unchanged results are unverified. Absent in the sums of a run. */
    readonly unchanged_unverified?: number
    /** The classified indicators by their source. */
    readonly by_source: {
      readonly rules: number
      readonly reuse: number
      readonly model: number
      readonly escalation: number
      readonly person: number
    }
    readonly model_requests: number
    readonly tokens: { readonly input: number; readonly cached: number; readonly output: number }
    readonly cost_usd: number
    /** Requests whose tokens are an estimate, and what of cost_usd is for them. Absent where there are none. */
    readonly estimated?: { readonly model_requests: number; readonly cost_usd: number }
    /** What other service tiers than the standard one took. Absent where that is nothing. */
    readonly service_tiers?: {
      readonly flex?: { readonly model_requests: number; readonly cost_usd: number }
      readonly priority?: { readonly model_requests: number; readonly cost_usd: number }
    }
    readonly warnings: readonly {
      /** Stable: match on it. */
      readonly code: string
      readonly message: string
      readonly count: number
    }[]
  }
  /** Present where the cost limit of the run, or people who stopped it, kept the model from being asked about some indicators. */
  readonly stopped?: { readonly code: string; readonly message: string; readonly indicator_ids: readonly string[] }
}

export type StatusResponse = Result | RunStatus

export type RunsResponse = {
  /** The newest first. */
  readonly runs: readonly RunStatus[]
}
