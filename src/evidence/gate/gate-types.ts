/** What a gate takes and gives: audits, options, verdicts, and the rules that were removed. */

/** One audit of one field: the model was asked blind about a record that `rule` would have decided. */
export interface Audit {
  readonly rule: string
  /** False where the model answered otherwise, and where it gave no answer. */
  readonly agreed: boolean
}

export interface GateOptions {
  /** The share of agreement that is asked for, such as 0.97. */
  readonly target: number
  /** The probability with which a field below its target may ever be trusted, over all restarts together; 0.05 unless given. */
  readonly delta?: number
  /**
   * The number of records that each rule would decide in this field, over the whole file, the audited ones included; null
   * where the total is not known, as with callers by API, and where audits of earlier runs are counted too. It must describe the
   * records that all audits were drawn from.
   */
  readonly population: Readonly<Record<string, number>> | null
  /** The most audits of this field; 600 unless given. */
  readonly budget?: number
}

/** A rule that may no longer decide the field, and why. */
export interface RemovedRule {
  readonly rule: string
  readonly audits: number
  readonly misses: number
  /** The number of audits of the field, itself included, after which it was removed. */
  readonly after: number
}

export interface GateVerdict {
  /**
   * trusted: the rules that are left agree with the model in at least the target. untrusted: they do not, or it would take more
   * audits than the budget to show it. undecided: more audits are needed.
   */
  readonly state: 'trusted' | 'untrusted' | 'undecided'
  /** Why a field is untrusted: it is below the target, it would need too many audits, or no rule and no record is left. */
  readonly reason: 'below-target' | 'over-budget' | 'nothing-left' | null
  readonly removed: readonly RemovedRule[]
  /** All audits but those of rules that had been removed before; these are what the budget limits. */
  readonly audits: number
  /** Audits of the rules that are left, and disagreements among them, since the last restart. */
  readonly counted: number
  readonly misses: number
  /** How often the count began anew: after a removal, or after a trusted field fell. */
  readonly restarts: number
  /** The lower bound of the agreement at the error probability of this restart; once it reached the target, at least that. */
  readonly bound: number
  /** The error probability that this restart has. */
  readonly delta: number
  /** The least further audits that show the target with probability 1/2; 0 where decided; null where the budget is too small. */
  readonly expectedMore: number | null
}

/** What a gate has decided for good, as long as nothing is added; null where more audits are needed or the budget is too small. */
export type Settled = 'trusted' | 'below-target' | 'nothing-left' | null

/** A gate that takes one audit after the other. The verdict depends on the audits and removals in their order, and on nothing else. */
export interface Gate {
  add(audit: Audit): void
  /**
   * Takes a rule out that something else than the audits of this gate has shown to be bad. The count of the rules that are left
   * begins anew where anything was counted since the last restart. Does nothing for a rule that is removed already.
   */
  remove(rule: string): void
  removed(): readonly RemovedRule[]
  verdict(): GateVerdict
  /** What the verdict says without its outlook, which costs much less. */
  settled(): Settled
  /** Whether the target was shown since the last restart: what `state` "trusted" rests on, at no cost. */
  isShown(): boolean
  restarts(): number
  /**
   * The lower bound at half of the error probability, for a caller who spends the other half on another claim; null where nothing
   * was counted since the last restart. The parts that all restarts have then add up to half of delta.
   */
  boundAtHalf(): number | null
}
