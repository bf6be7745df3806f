/** The bodies of the HTTP API as types. `npm run openapi` writes this file from the schemas of the service. */

export type Indicator = {
  readonly indicator_id: string
  readonly name: string
  readonly units?: string | null
  readonly periodicity?: string | null
  readonly description?: string | null
  readonly long_name?: string | null
  readonly category_group?: string | null
  readonly dataset?: string | null
  readonly topic?: string | null
  readonly aggregation_method?: string | null
  readonly scale?: string | number | null
  readonly currency_code?: string | null
  readonly country?: string | null
  readonly source_name?: string | null
  readonly source_url?: string | null
  /** Points such as {"date": "2024-05", "value": 1.5}, as a list or as the same list in JSON text. Points without a readable date and number are left out and counted. The indicators of a batch may have 100,000 of them together. */
  readonly sample_values?: readonly unknown[] | string | null
}

export type BatchOptions = {
  /** hybrid (the default): rules decide where evidence trusts them, the model decides the rest. */
  readonly mode?: 'hybrid' | 'model' | 'rules'
  /** Whether answers for the same shape are used again; by default they are. */
  readonly reuse?: boolean
  /** What rules need to decide alone in mode hybrid: evidence of this catalogue (the default), or with "shipped" only the evidence that comes with the service. */
  readonly trust?: 'catalogue' | 'shipped'
  /** The share of agreement with the model that rules must show on the catalogue before they decide alone. */
  readonly target?: number
  /** Which of the indicators the model is asked about blind, to check the rules: a steady share (the default), all of the batch, because the caller has drawn them at random, or none, because the caller audits by itself. */
  readonly audit?: 'steady' | 'all' | 'none'
  /** With true, models answer also where a person has answered. With "aside" they do so too, but the answers of people stay stored, so that a model can be measured. */
  readonly override_person?: boolean | 'aside'
  /** The most that the whole run may cost in US dollars, over all its batches. A request starts only where the most that it can cost still fits; what then is not asked has no result in the response. */
  readonly max_cost_usd?: number
  /** The service tier of all requests to models. Without it the setting of the replica that asks counts. */
  readonly tier?: 'flex' | 'standard' | 'priority'
  /** Whether a request for which the flex tier has no capacity is sent in the standard tier; else it waits. */
  readonly tier_fallback?: boolean
  /** How many indicators at most stand in one request to the model. */
  readonly pack?: number
}

export type BatchRequest = {
  /** Each id may stand once. */
  readonly indicators: readonly Indicator[]
  /** The run that the batch belongs to. Batches that name the same id are one run: they share its totals, its limit on cost and its trial of the endpoint. Without an id the batch is a run of its own. */
  readonly run_id?: string
  /** The catalogue within which the ids are unique; by default one of the name "default". */
  readonly catalogue?: string
  /** name (the version that was stored last), name@version or name@hash; by default economic-indicators. */
  readonly codebook?: string
  /** Whether what is unchanged is classified again. */
  readonly force?: boolean
  readonly options?: BatchOptions
}

/** Give either indicator_id, to read the latest result of an indicator, or run_id, to read where a run is, as the handler run does. */
export type StatusRequest = {
  readonly indicator_id?: string
  readonly run_id?: string
  /** The catalogue of the indicator; needed only where several catalogues have an indicator of this id. */
  readonly catalogue?: string
  /** The name of a codebook; needed only where the indicator was classified by several. */
  readonly codebook?: string
}

export type WhyRequest = {
  readonly indicator_id: string
  /** Needed only where several catalogues have an indicator of this id. */
  readonly catalogue?: string
  /** Needed only where the indicator was classified by several codebooks. */
  readonly codebook?: string
}

export type RunRequest = { readonly run_id: string }

export type RunsRequest = {
  readonly limit?: number
  /** Only the runs that a driver has taken for this catalogue. */
  readonly catalogue?: string
}

export type DriveRequest = {
  readonly run_id: string
  /** What the driver of the run is to do. */
  readonly wanted?: 'running' | 'paused' | 'stopped'
  /** The most that the run may cost in US dollars, more than what it has spent. Its driver gives it to the batches that it submits from then on. */
  readonly max_cost_usd?: number
  /** Takes the run where nobody holds it. */
  readonly take?: {
    readonly driver: {
      readonly token: string
      readonly host: string
      readonly pid: number
      /** The boot of the machine and its space of pids. */
      readonly machine?: string
    }
    readonly catalogue: string
    readonly codebook: string
    readonly command: string
    readonly size: number
    /** The token of a holder that is known to be dead. */
    readonly replaces?: string
  }
  /** The token of the holder, whose lease lasts longer. */
  readonly renew?: string
  readonly release?: { readonly token: string; readonly outcome: 'complete' | 'incomplete' | 'stopped' | 'interrupted' }
}

export type ReviewRequest = {
  readonly decisions: readonly ({
    readonly indicator_id: string
    /** Needed only where several catalogues have an indicator of this id and the request names none. */
    readonly catalogue?: string
    /** accept: all labels are right. It may be left out beside corrections. */
    readonly decision?: 'accept' | 'correct'
    /** The right labels of the fields that are wrong, by field; null for no label. The others stay. */
    readonly corrections?: Readonly<Record<string, string | number | readonly (string | number)[] | null>>
    /** What the person saw, by field. The decision is refused where the stored result says otherwise by now. */
    readonly labels?: Readonly<Record<string, string | number | readonly (string | number)[] | null>>
    /** Why; it becomes the reason of the result. */
    readonly note?: string
  })[]
  /** The person who decides. Where tokens are set, the name of the token is noted beside it or in its place. */
  readonly by?: string
  /** The codebook whose results are decided; by default the default one. */
  readonly codebook?: string
  /** The catalogue of decisions that name none. */
  readonly catalogue?: string
  /** Check the decisions and store nothing. */
  readonly dry_run?: boolean
}

export type EvidenceRequest = { readonly catalogue?: string; readonly codebook?: string; readonly target?: number }

/** Without fields the request reads the budget and changes nothing. */
export type BudgetRequest = {
  /** Requests a minute of the whole cluster. */
  readonly rpm?: number
  /** The bound on tokens a minute; null removes the bound. */
  readonly tpm?: number | null
  /** Who sets it, for the history. Where the guard knows the caller, the name of its token stands there as well. */
  readonly by?: string
}

/** With text it stores a codebook, with name it reads one, else it lists all. */
export type CodebookRequest = {
  /** The YAML text of a codebook to store. */
  readonly text?: string
  /** The code lists that the text names, by file name. */
  readonly lists?: Readonly<Record<string, string>>
  /** A reference such as news-topics, news-topics@2 or news-topics@HASH of a codebook to read. */
  readonly name?: string
}
