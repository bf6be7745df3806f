/** The options of `certify`: which of them go together, and how messages name the files that it writes. */
import { ServiceError } from '../../errors.ts'
import { isSameFile } from '../ui/output-file.ts'
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

/** The path of the page that is written beside a certificate. */
export function pagePathOf(certificate: string): string {
  return `${certificate.replace(/\.json$/i, '')}.txt`
}

type FileNames = { readonly [Name in 'labels' | 'adjudicate' | 'check']?: string | undefined } & OutputNames

/** Throws ServiceError input-invalid where a file would be written over one that is read, or over another one. */
export async function refuseSameFiles(options: FileNames): Promise<void> {
  const { labels, adjudicate, check, out, cases, leftOver, certificate } = options
  const page = certificate === undefined || certificate === '-' ? undefined : pagePathOf(certificate)
  const named = { '--out': out, '--cases': cases, '--left-over': leftOver, '--certificate': certificate }
  const outputs = [...Object.entries(named), ['the page of --certificate', page] as const]
  // A shell may have opened a file as standard input.
  const inputs = Object.entries({ '--labels': labels, '--adjudicate': adjudicate, '--check': check }).map(
    ([option, name]) => [option, name === '-' ? '/dev/stdin' : name] as const,
  )
  for (const [index, [option, name]] of outputs.entries()) {
    if (name === undefined || name === '-') continue
    for (const [other, otherName] of [...inputs, ...outputs.slice(0, index)]) {
      if (otherName === undefined || otherName === '-' || !(await isSameFile(otherName, name))) continue
      const message = `${option} ${name} is the file of ${other}, which would be overwritten: name another file`
      throw new ServiceError('input-invalid', message)
    }
  }
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
