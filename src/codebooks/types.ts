/** The types that codebooks, their code and the engine share: records, labels, findings and decisions of any codebook. */
import type { Codebook, LabelValue } from './codebook.ts'

export type { LabelValue } from './codebook.ts'

/** Labels by the name of their field. */
export type Labels = Readonly<Record<string, LabelValue>>

/** One sample value of a series. */
export interface SamplePoint {
  /** The date as ISO 8601, `YYYY-MM-DD`. A month, quarter or year is named by its first day. */
  readonly date: string
  readonly value: number
}

/**
 * One record of a catalogue (an economic indicator, unless a codebook calls it otherwise) after checking and normalising. An
 * optional text is absent rather than empty.
 */
export interface Indicator {
  readonly indicator_id: string
  readonly name: string
  readonly units?: string
  readonly periodicity?: string
  readonly description?: string
  readonly long_name?: string
  readonly category_group?: string
  readonly dataset?: string
  readonly topic?: string
  readonly aggregation_method?: string
  readonly scale?: string
  readonly currency_code?: string
  readonly country?: string
  readonly source_name?: string
  readonly source_url?: string
  /** The sample values, sorted by date, with at most one value a date. */
  readonly sample_values: readonly SamplePoint[]
}

/** What a rule or a reader says of one field of a record. The journal of a batch fixes the property names. */
export interface Finding {
  /** The best answer, given even where the rule is not sure of it. */
  readonly value: LabelValue
  /** True where the rule read all of the record and is trusted by the shipped evidence. */
  readonly sure: boolean
  /**
   * Whether the evidence of the catalogue shows that the rule may stand in for a model there. Without this property nothing was
   * checked on the catalogue: a sure finding may stand then, but its result is unverified.
   */
  readonly trusted?: boolean
  /**
   * The kebab-case name of the rule or reader, such as "name-growth-rate". Names stay the same over releases. No rule is called
   * "rules", "reuse", "model", "escalation" or "person", which are the names of other sources of labels.
   */
  readonly rule: string
  /** One short sentence that explains the value to a person who checks it. */
  readonly because: string
}

/** Findings by field. A field that no rule and no reader reads is absent. */
export type Reading = Readonly<Record<string, Finding>>

/** How often answers were right on labels that nothing had been tuned on, from which the confidence of a result follows. */
export interface Calibration {
  /** The number of labelled records. */
  readonly records: number
  /** The chance that a finding is right, 0 to 1, by field: where the rule is sure, and where it guesses. */
  readonly rules: Readonly<Record<string, { readonly sure: number; readonly guess: number }>>
  /** What the confidence that a model states of a field is multiplied with, 0 to 1. */
  readonly model: Readonly<Record<string, number>>
  /** How much the misses of a row's fields spread over different rows: 1 where no row has two, 0 where they always coincide. */
  readonly spread: number
}

/** One answer to some fields of a record, given by a model or a person, or taken from a stored result. */
export interface Decision {
  readonly labels: Labels
  /** The stated confidence of each label, 0 to 1. */
  readonly confidence: Readonly<Record<string, number>>
  readonly reason: string
}

/** What a built-in codebook brings beside its file, as pure functions. A user's own codebook brings none of it. */
export interface CodebookCode {
  /** Reads every field that it can, in well under 0.2 ms. */
  read(record: Indicator): Reading
  /**
   * Says of findings which words of the record they rest on, by field. Takes about as long as reading does. A field of which no
   * more can be said than `because` is missing.
   */
  explain(record: Indicator, reading: Reading): Readonly<Record<string, string>>
  /**
   * The parts that a shape holds in place of texts of the record and beside them: spellings that mean the same become equal,
   * and what changes no right answer is left out. `asked` names the fields that an answer is wanted for.
   */
  shapeParts(record: Indicator, reading: Reading, asked: readonly string[]): Readonly<Record<string, string | null>>
  /**
   * The shape under which earlier releases and this one keep the answers of people, as JSON text. With `isExact` the shape
   * also holds what the fields in `perRecord` are read from.
   */
  humanShape(record: Indicator, reading: Reading, isExact: boolean): string
  /** Fields whose label may differ between two records of one shape, so that a person's label of them counts for exact matches. */
  readonly perRecord: readonly string[]
  readonly calibration: Calibration
  /** The forms of earlier releases. */
  readonly earlier: EarlierForms
  /** Labels as codes of the public SDMX code lists, which an export adds where it is asked for them. */
  readonly exportCodes?: SdmxCodes
}

/** The columns that hold SDMX codes, and the codes of one result by the name of the column, "" where there is none. */
export interface SdmxCodes {
  readonly columns: readonly string[]
  codesOf(labels: Labels): Readonly<Record<string, string>>
}

/** Reads and writes what releases before codebooks as data wrote to journals and told their callers. */
export interface EarlierForms {
  /** The fields that earlier releases asked a model for. */
  readonly askedFields: readonly string[]
  /** The flat form of a journaled reading; throws TypeError where `reading` has another form. */
  parseReading(reading: unknown): Reading
  /** The flat form of a journaled decision; throws TypeError where `decision` has another form. */
  parseDecision(decision: unknown): Decision
  /** The earlier form of a decision, for a batch of an earlier release that waits for it; null where a field is missing. */
  writeDecision(decision: Decision): object | null
  /** The labels of a journaled result; throws TypeError where `classification` has another form. */
  parseLabels(classification: unknown): Labels
  /** Properties that results had in HTTP bodies and JSON Lines before their fields became flat; kept for one release. */
  nestedProperties(labels: Labels): Readonly<Record<string, unknown>>
}

/** A codebook with its identity and its code: all that the engine needs to know of what is decided. */
export interface Scheme {
  readonly codebook: Codebook
  /** SHA-256 of all texts of the codebook, in hexadecimal. Two codebooks with the same hash say the same. */
  readonly hash: string
  /** The code of a built-in codebook; null for a codebook that is data alone. */
  readonly code: CodebookCode | null
  /** The calibration by people's labels of one catalogue, which counts before that of the code. */
  readonly calibration?: Calibration
}

/** A record of labelled data, with the labels that a person gave it. */
export interface LabelledRecord {
  readonly record: Indicator
  readonly labels: Readonly<Record<string, unknown>>
}

/** A codebook as it is stored: once for each content. */
export interface StoredCodebook {
  readonly name: string
  readonly version: string
  /** SHA-256 of all texts, in hexadecimal: the key. */
  readonly hash: string
  /** The YAML text. */
  readonly text: string
  /** The texts of its code lists, by file name. */
  readonly lists: Readonly<Record<string, string>>
}

/** A column of the database view of a codebook: the name of a field, and the SQL type of its labels. */
export interface CodebookColumn {
  readonly name: string
  readonly type: 'text' | 'double precision' | 'text[]'
}
