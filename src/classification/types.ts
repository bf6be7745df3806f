/** The types of decisions and results of any codebook, for every folder of the service. */
import type { Labels } from '../codebooks/types.ts'

export type {
  Calibration,
  CodebookCode,
  CodebookColumn,
  Decision,
  Finding,
  Indicator,
  LabelledRecord,
  Labels,
  LabelValue,
  Reading,
  SamplePoint,
  Scheme,
  SdmxCodes,
  StoredCodebook,
} from '../codebooks/types.ts'

/** The origin of a result: rules, a stored answer to the same question, the first or the escalation model, or a person. */
export type Source = 'rules' | 'reuse' | 'model' | 'escalation' | 'person'

/**
 * How far a result can be relied on: `accepted` rests on a trusted rule, a model, a person, or a reuse of one of these;
 * `unverified` rests on a guess that nothing has checked; against `needs-review` something speaks.
 */
export type Status = 'accepted' | 'unverified' | 'needs-review'

/**
 * The mode of a batch, which says which fields rules decide: all (`rules`), those that the rules are sure of (`hybrid`), or
 * none (`model`).
 */
export type Mode = 'rules' | 'hybrid' | 'model'

/** One reason why a person should look at a result again, such as a finding of the validation. */
export interface Issue {
  /** The kebab-case name of the reason, such as "low-confidence". Names stay the same over releases. */
  readonly code: string
  readonly message: string
}

/** The validated result for one record of a catalogue, by one codebook. */
export interface Classification {
  readonly indicator_id: string
  readonly name: string
  readonly catalogue: string
  /** Name and version of the codebook, such as "economic-indicators@2". */
  readonly codebook: string
  /** SHA-256 of the codebook's texts; "" for results of releases that had no codebook files. */
  readonly codebook_hash: string
  /** A value for each field of the codebook, null where the field does not apply or nothing decided it. */
  readonly labels: Labels
  /** The confidence of each field that has one, 0 to 1. */
  readonly field_confidence: Readonly<Record<string, number>>
  /** The source of each decided field: the name of a rule, or "model", "escalation", "person" or "reuse". */
  readonly field_source: Readonly<Record<string, string>>
  /** The confidence that the fields that a model may be asked for are all right, 0 to 1. */
  readonly confidence: number
  readonly source: Source
  readonly status: Status
  readonly issues: readonly Issue[]
  readonly reason: string
  /** The model's name as its endpoint returned it; null where no model took part in the result. */
  readonly model: string | null
  readonly prompt_version: string
  readonly run_id: string
  /** The time of classification, as ISO 8601 in UTC. */
  readonly classified_at: string
}
