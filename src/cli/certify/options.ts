/** The options of `certify`: which of them go together, and how messages name the files that it writes. */
import { ServiceError } from '../../errors.ts'
import { shellWord } from '../ui/shell-word.ts'

export interface CommandOptions {
  readonly run?: string
  readonly catalogue?: string
  readonly codebook?: string
  readonly target?: number
  readonly delta?: number
  readonly field?: string
  readonly labels?: string
  readonly by?: string
  readonly count?: number
  readonly out?: string
  readonly second?: boolean
  readonly cases?: string
  readonly adjudicate?: string
  readonly leftOver?: string
  readonly certificate?: string
  readonly check?: string
  readonly sentinel?: boolean
  readonly drift?: boolean
  readonly failOnDrift?: boolean
  readonly evidence?: boolean
  readonly ingress?: readonly string[]
  readonly json?: boolean
}

/** Refuses options that mean nothing together. */
export function checkOptions(options: CommandOptions): void {
  writesToStdout(options)
  const { run, check, drift, failOnDrift, evidence, catalogue, adjudicate, labels } = options
  if (failOnDrift === true && drift !== true)
    throw new ServiceError('input-invalid', '--fail-on-drift decides the exit code of --drift: give both')
  const isOfCatalogue = drift === true || evidence === true
  if (isOfCatalogue && run === undefined && catalogue === undefined) {
    const name = drift === true ? '--drift' : '--evidence'
    throw new ServiceError('input-invalid', `${name} needs --catalogue NAME, or --run RUN of the catalogue`)
  }
  if (check === undefined && !isOfCatalogue && run === undefined)
    throw new ServiceError('input-invalid', 'Name the run with --run RUN; classify prints its id, and so does status')
  if (adjudicate === '-' && labels === '-')
    throw new ServiceError('input-invalid', '--labels and --adjudicate cannot both read standard input')
}

type OutputNames = { readonly [Name in 'out' | 'cases' | 'leftOver' | 'certificate']?: string | undefined } & {
  readonly json?: boolean | undefined
}

/**
 * Whether one of the files is standard output, so that the page goes to stderr. Throws ServiceError input-invalid where two things
 * would be mixed there.
 */
export function writesToStdout({ out, cases, leftOver, certificate, json }: OutputNames): boolean {
  const named = { '--out': out, '--cases': cases, '--left-over': leftOver, '--certificate': certificate }
  const chosen = Object.entries(named).flatMap(([option, name]) => (name === '-' ? [option] : []))
  const wanted = json === true ? ['--json', ...chosen] : chosen
  if (chosen.length > 0 && wanted.length > 1) {
    const message = `${wanted.join(' and ')} would both write to standard output: name a file for all but one`
    throw new ServiceError('input-invalid', message)
  }
  return chosen.length > 0
}

/** The name of a file in a sentence. */
export function placeOf(path: string): string {
  return path === '-' ? 'standard output' : path
}

/** The name of a file in a command that reads it. */
export function fileWordOf(path: string): string {
  return path === '-' ? 'FILE' : shellWord(path)
}
