/** The options of the command `classify` after parsing, and the part of them that the journal of a run keeps. */
import type { Mode } from '../../classification/types.ts'
import type { RunHeader } from './run-journal.ts'

export interface ClassifyOptions {
  readonly json?: boolean
  readonly force?: boolean
  readonly mode: Mode
  readonly reuse: boolean
  readonly overridePerson?: boolean
  readonly pack?: number
  readonly batchSize: number
  readonly ingress?: readonly string[]
  readonly limit?: number
  /** The id of the run to resume. */
  readonly resume?: string
  readonly skipInvalid?: boolean
  readonly estimate?: boolean
  /** The cost limit of the whole run, US dollars. */
  readonly maxCost?: number
  /** Requests a minute, to which the rate budget of the service is set. */
  readonly rpm?: number
  /** Tokens a minute, to which the rate budget of the service is set. */
  readonly tpm?: number
  /** Milliseconds for which a run waits while no node answers. Without it a run waits less at its start than later. */
  readonly waitForNodes?: number
}

/** What a new run with these options asks of the service for every batch. */
export function batchOptionsOf(options: ClassifyOptions): Pick<RunHeader, 'force' | 'batch_size' | 'options'> {
  return {
    batch_size: options.batchSize,
    force: options.force ?? false,
    options: {
      mode: options.mode,
      reuse: options.reuse,
      ...(options.overridePerson === true ? { override_person: true } : {}),
      ...(options.pack === undefined ? {} : { pack: options.pack }),
    },
  }
}
