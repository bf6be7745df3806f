/** The types of what certificates rest on: rows of runs, plans, labels of people and sentinel rows. */
import type { Classification, Indicator, Labels, LabelValue, Mode } from '../../classification/types.ts'
import type { EvidenceScope, ResultScope } from '../saved-types.ts'

/** The part of the store that certificates rest on: the rows of runs, labels of people, plans and sentinel rows. */
export interface CertificateStore {
  /** The catalogues and codebooks of the rows that run `runId` gave, with the number of rows of each. */
  findRunParts(runId: string): Promise<readonly RunPart[]>
  /** The rows of a part of a run, in pages, in order of the id. */
  exportRunRows(scope: RunScope, pageSize?: number): AsyncIterable<readonly RunRow[]>
  /** The rows of these indicators, with their inputs, by id. */
  findRunRows(scope: RunScope, ids: readonly string[]): Promise<ReadonlyMap<string, RunRowWithInput>>
  /** The plan of the certificate of a part of a run; undefined where there is none. */
  findPlan(scope: RunScope): Promise<StoredPlan | undefined>
  /** Saves a plan unless there is one already, which only a caller with `replaces` replaces. Resolves with the stored one. */
  savePlan(plan: PlanToSave, options: { readonly replaces: boolean }): Promise<StoredPlan>
  /** The labels of a catalogue by one version of a codebook, in order of id, field and time; only those of `ids`, where given. */
  findLabels(scope: EvidenceScope, ids?: readonly string[]): Promise<readonly StoredLabel[]>
  /** Saves labels. One that the same person has given already stays as it is. */
  saveLabels(scope: EvidenceScope, labels: readonly LabelToSave[]): Promise<void>
  /**
   * Puts `outcomes` in place of what the labels of the certificate of run `runId` said before. Outcomes that are the same keep
   * their number. Left out are those of records with the same input that the certificate of another run has counted already.
   * Resolves with the number of outcomes that were deleted or added.
   */
  replaceOutcomes(scope: EvidenceScope, runId: string, outcomes: readonly LabelOutcome[]): Promise<number>
  /** The sentinel rows of a catalogue and codebook, in order of the id. */
  findSentinels(scope: ResultScope): Promise<readonly SentinelRow[]>
  /** Puts `rows` in place of the sentinel rows of the catalogue and codebook. */
  replaceSentinels(scope: ResultScope, rows: readonly SentinelRow[]): Promise<void>
  /** Deletes the latest results and inputs of a catalogue; its runs keep theirs in the history. */
  forgetResults(catalogue: string): Promise<void>
}

/** The rows that one run gave in one catalogue by one codebook. */
export interface RunScope extends ResultScope {
  readonly runId: string
}

export interface RunPart extends ResultScope {
  readonly codebookHash: string
  readonly rows: number
}

/** What a run said of an indicator. */
export interface RunRow {
  readonly classification: Classification
  readonly inputHash: string
  readonly mode: Mode
}

export interface RunRowWithInput extends RunRow {
  /** The input as the run saw it; null where the indicator was submitted with another one since. */
  readonly indicator: Indicator | null
}

/** What was planned of a certificate before its labels, so that it cannot be chosen by them. */
export interface PlanToSave extends RunScope {
  readonly seed: string
  readonly target: number
  readonly delta: number
  readonly claims: readonly string[]
  readonly fields: readonly string[]
  readonly population: number
  readonly digest: string
  readonly plannedBy: string
}

export interface StoredPlan extends PlanToSave {
  readonly plannedAt: string
}

/** The label of a person in one field of one row. */
export interface LabelToSave {
  readonly indicatorId: string
  readonly inputHash: string
  readonly field: string
  readonly label: LabelValue
  /** False where the person could not tell; `label` is null then. */
  readonly isKnown: boolean
  readonly by: string
  /** Whether this is the third decision between labels that differ. */
  readonly adjudicates: boolean
  /** Whether the person saw neither the answer nor another person's label. */
  readonly blind: boolean
  readonly runId: string
  readonly note: string
}

export interface StoredLabel extends LabelToSave {
  readonly at: string
}

/** What people's labels say of one field of one row that a certificate drew. */
export interface LabelOutcome {
  readonly field: string
  /** The rule that is sure of the field, or "model" for the answer of the model in the run. */
  readonly rule: string
  /** Whether the rule's value, or the model's answer, is the label. */
  readonly agreed: boolean
  readonly indicatorId: string
  readonly inputHash: string
  /** The place of the row in the draw of the certificate, 0 to 1 (exclusive). */
  readonly rank: number
  /** The model that answered; "" for a rule. */
  readonly model: string
}

/** A row that is asked again to find drift, with the answers before. */
export interface SentinelRow {
  readonly indicator: Indicator
  readonly inputHash: string
  readonly fields: readonly string[]
  readonly labels: Labels
  readonly codebook: string
  readonly codebookHash: string
  readonly mode: Mode
  readonly model: string | null
  readonly promptVersion: string
  readonly runId: string
}
