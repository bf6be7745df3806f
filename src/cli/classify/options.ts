/** The options of the command `classify` after parsing, and the part of them that the journal of a run keeps. */
import type { ReadingFlags } from '../../catalogue/reading-options.ts'
import type { Mode } from '../../classification/types.ts'
import type { ServiceTier } from '../../lib/service-tiers.ts'
import type { RunHeader } from './run-journal.ts'

export interface ClassifyOptions extends ReadingFlags {
  /** The command that drives the run; without it `classify`. */
  readonly command?: string
  /** Whether the run goes on in a process of its own, apart from the terminal. */
  readonly detach?: boolean
  readonly json?: boolean
  readonly force?: boolean
  readonly mode: Mode
  /** The name of the catalogue; without it the name of the file. */
  readonly catalogue?: string
  /** A file or a name, as the user gave it. */
  readonly codebook?: string
  readonly reuse: boolean
  /** What rules need to decide alone: evidence of this catalogue, or only the evidence that comes with the service. */
  readonly trust: 'catalogue' | 'shipped'
  /** The agreement with the model that rules must show on the catalogue, from 0.5 to 0.999. */
  readonly target?: number
  readonly overridePerson?: boolean
  readonly pack?: number
  /** The service tier of all requests to models; without it the setting of the service. */
  readonly tier?: ServiceTier
  /** Whether a request for which the flex tier has no capacity is sent in the standard tier. */
  readonly tierFallback?: boolean
  readonly batchSize: number
  readonly ingress?: readonly string[]
  readonly limit?: number
  /** The id of the run that the command resumes. */
  readonly resume?: string
  readonly skipInvalid?: boolean
  readonly estimate?: boolean
  /** The cost limit of the run in US dollars. */
  readonly maxCost?: number
  /** The limit of requests to the model a minute that the run sets in the service. */
  readonly rpm?: number
  /** The limit of tokens a minute that the run sets in the service. */
  readonly tpm?: number
  /**
   * The milliseconds for which a run waits while no Restate node answers; without this option a run waits less at its
   * start than later.
   */
  readonly waitForNodes?: number
}

/** The settings that a run sends to the service with every batch, and the size of its batches. */
export type RunSettings = Pick<RunHeader, 'catalogue' | 'codebook' | 'force' | 'batch_size' | 'options'>

/** Builds the settings of a new run; `codebook` is undefined for the default codebook of the service. */
export function settingsOf(
  options: ClassifyOptions,
  { catalogue, codebook }: { readonly catalogue: string | undefined; readonly codebook: string | undefined },
): RunSettings {
  return {
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(codebook === undefined ? {} : { codebook }),
    batch_size: options.batchSize,
    force: options.force ?? false,
    options: {
      mode: options.mode,
      reuse: options.reuse,
      trust: options.trust,
      ...(options.target === undefined ? {} : { target: options.target }),
      ...(options.overridePerson === true ? { override_person: true } : {}),
      ...(options.pack === undefined ? {} : { pack: options.pack }),
      ...(options.tier === undefined ? {} : { tier: options.tier }),
      ...(options.tierFallback === true ? { tier_fallback: true } : {}),
    },
  }
}
