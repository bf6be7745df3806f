/** The form of a certificate file: what was drawn, how it was labelled, and what that shows, so that others can recompute it. */
import { z } from 'zod'

/** The claim about the whole row: all fields right. No field of a codebook can have this name. */
export const ROW_CLAIM = '*'

const share = z.number().min(0).max(1)
const count = z.int().min(0)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be SHA-256 in 64 lower-case hexadecimal digits')
const text = z.string().min(1)

const stratum = z.strictObject({ source: text, from: share, to: share, size: count })
const cut = z.strictObject({ confidence: share, size: count })

const plan = z.strictObject({
  target: z.number().gt(0).lt(1),
  /** The probability with which anything that this certificate calls shown may be false. */
  delta: z.number().gt(0).lt(1),
  /** "*" for the whole row, or names of fields. */
  claims: z.array(text).min(1),
  /** The fields that a row must have right to be right. */
  fields: z.array(text).min(1),
  seed: text,
  population: z.int().min(1),
  /** The exclusive or of the fingerprints of all rows. */
  digest: sha256,
  strata: z.array(stratum),
  /** The confidences at which a cut is tried, from the highest down; without the lowest one, which is no cut. */
  cuts: z.array(cut),
})

const drawn = z.strictObject({ id: text, source: text, confidence: share, fingerprint: sha256 })

const label = z.strictObject({
  id: text,
  by: text,
  /** By field, whether the answer of the run was right; null where nobody could tell, which counts as wrong. */
  right: z.record(text, z.boolean().nullable()),
})

export const STATES = ['shown', 'missed', 'more'] as const
const state = z.enum(STATES)

const claimResult = z.strictObject({
  claim: text,
  state,
  right: count,
  labelled: count,
  /** The lower bound of the share of right rows, valid at any moment, at the error probability of this claim. */
  lower: share,
  upper: share,
  /** The least further labels that show it with probability 1/2 if rows go on as they went; 0 where decided; null where neither 2,000 nor all that are left do. */
  more: count.nullable(),
})

const fieldResult = z.strictObject({
  field: text,
  right: count,
  labelled: count,
  /** What the certificate proves of the field together with everything else in it; 0 where neither it nor the row was claimed. */
  proven: share,
  /** An interval of confidence 1 - delta for this field alone, valid at any moment, not together with others. */
  alone: z.tuple([share, share]),
})

const cutResult = z.strictObject({
  /** Rows of at least this confidence are right in at least the target. */
  confidence: share,
  rows: count,
  left: count,
  right: count,
  labelled: count,
})

const stratumResult = stratum.extend({ labelled: count, right: count, alone: z.tuple([share, share]) })

const result = z.strictObject({
  state,
  labelled: count,
  /** Labels behind the first drawn row without one; they count once that row has its label. */
  waiting: count,
  claims: z.array(claimResult),
  fields: z.array(fieldResult),
  /** The lowest confidence above which the target holds; null where none is shown, or the target holds for all rows. */
  cut: cutResult.nullable(),
  strata: z.array(stratumResult),
})

/** The schema of a certificate file. */
export const certificateSchema = z.strictObject({
  format: z.literal(1),
  about: z.strictObject({
    run: text,
    catalogue: z.string(),
    codebook: z.strictObject({ name: text, hash: text }),
    /** What else the answers depend on, such as the model, the prompt and the release. */
    versions: z.record(text, z.string()),
    made_at: text,
  }),
  plan,
  drawn: z.array(drawn),
  labels: z.array(label),
  result,
})

export type Certificate = z.infer<typeof certificateSchema>
export type CertificatePlan = Certificate['plan']
export type CertificateResult = Certificate['result']
export type CertificateState = (typeof STATES)[number]
export type DrawnRow = Certificate['drawn'][number]
export type RowLabel = Certificate['labels'][number]
export type ClaimResult = z.infer<typeof claimResult>
export type CutResult = z.infer<typeof cutResult>
