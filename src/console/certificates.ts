/** Certifies runs by the command `certify`: draws rows to label blind, takes labels, and keeps what they showed last. */
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makePrivateFolder, writePrivateFile } from '../embedded/private-files.ts'
import { ServiceError } from '../errors.ts'
import { sha256 } from '../lib/sha256.ts'
import { type CommandRunner, commandFault, DRIVEN_RUN } from './commands.ts'
import type { BlindRecord, Progress } from './page/label-page.ts'

const share = z.number()
const interval = z.tuple([share, share])
const certifiedSchema = z.object({
  state: z.enum(['shown', 'missed', 'more']),
  made_at: z.string(),
  plan: z.object({
    target: share,
    delta: share,
    claims: z.array(z.string()),
    fields: z.array(z.string()),
    population: z.int(),
  }),
  result: z.object({
    labelled: z.int(),
    waiting: z.int(),
    claims: z.array(
      z.object({
        claim: z.string(),
        state: z.string(),
        right: z.int(),
        labelled: z.int(),
        lower: share,
        upper: share,
        more: z.int().nullable(),
      }),
    ),
    fields: z.array(z.object({ field: z.string(), right: z.int(), labelled: z.int(), proven: share, alone: interval })),
    cut: z.object({ confidence: share, rows: z.int(), left: z.int(), right: z.int(), labelled: z.int() }).nullable(),
  }),
  to_label: z.int(),
})

export type Certified = z.infer<typeof certifiedSchema>

export interface BlindLabels {
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  readonly note: string
}

export interface Certificates {
  /** What the labels of a run showed when they were counted last; undefined where nobody has. */
  last(run: string): Promise<Certified | undefined>
  /** The page of the certificate as it is passed on; undefined before the first label. */
  page(run: string): Promise<string | undefined>
  /** Draws the next rows for a person, after planning where nobody has planned. */
  draw(
    run: string,
    options: { readonly by: string; readonly count: number; readonly target?: string },
  ): Promise<{ readonly records: readonly BlindRecord[]; readonly progress: Progress }>
  /** Takes labels of a person, and counts all labels anew. */
  label(run: string, by: string, labels: readonly BlindLabels[]): Promise<Certified>
}

/** Counting reads every row of the run. */
const PATIENCE_MS = 5 * 60_000
const LAST = 'last.json'

const blindSchema = z.looseObject({
  indicator_id: z.string(),
  sample_values: z.array(z.object({ date: z.string(), value: z.number() })).default([]),
})
const NO_TEXTS: ReadonlySet<string> = new Set(['indicator_id', 'sample_values', 'labels', 'note', 'catalogue'])

export function createCertificates(commands: CommandRunner, directory: string): Certificates {
  const folderOf = (run: string) => {
    if (!DRIVEN_RUN.test(run))
      throw new ServiceError('input-invalid', 'Only runs that a command has started can be certified here')
    // A hash, because two runs may differ in case alone, which some disks do not keep apart.
    return join(directory, sha256(run).slice(0, 16))
  }
  const certify = async (run: string, args: readonly string[]): Promise<Certified> => {
    const folder = folderOf(run)
    await makePrivateFolder(folder)
    const fixed = ['certify', '--run', run, '--json', '--certificate', join(folder, 'certificate.json')]
    const result = await commands.run([...fixed, ...args], { timeoutMs: PATIENCE_MS, cwd: folder })
    // The code tells whether the target was shown. A command that failed has printed no object.
    if (!result.stdout.trimStart().startsWith('{')) throw commandFault(result)
    const found = certifiedSchema.parse(JSON.parse(result.stdout))
    await writePrivateFile(join(folder, LAST), JSON.stringify(found))
    return found
  }
  return {
    last: async (run) => {
      const text = await readFile(join(folderOf(run), LAST), 'utf8').catch(() => undefined)
      return text === undefined ? undefined : certifiedSchema.parse(JSON.parse(text))
    },
    page: async (run) => await readFile(join(folderOf(run), 'certificate.txt'), 'utf8').catch(() => undefined),
    draw: async (run, { by, count, target }) => {
      const file = join(folderOf(run), `draw-${randomBytes(6).toString('hex')}.jsonl`)
      try {
        const planned = target === undefined ? [] : ['--target', target]
        const certified = await certify(run, ['--count', String(count), '--out', file, `--by=${by}`, ...planned])
        const text = await readFile(file, 'utf8').catch(() => '')
        const lines = text.split('\n').filter((line) => line !== '')
        return { records: lines.map(toBlind), progress: progressOf(certified) }
      } finally {
        await rm(file, { force: true })
      }
    },
    label: async (run, by, labels) => {
      const folder = folderOf(run)
      await makePrivateFolder(folder)
      const file = join(folder, `labels-${randomBytes(6).toString('hex')}.jsonl`)
      const rest = join(folder, `rest-${randomBytes(6).toString('hex')}.jsonl`)
      try {
        const lines = labels.map((one) => JSON.stringify({ indicator_id: one.id, labels: one.labels, note: one.note }))
        await writePrivateFile(file, lines.join('\n'))
        return await certify(run, ['--labels', file, `--by=${by}`, '--count', '1', '--out', rest])
      } finally {
        await rm(file, { force: true })
        await rm(rest, { force: true })
      }
    },
  }
}

/** How far the labels are. What is still needed holds if the next labels are right as well. */
export function progressOf({ result }: Certified): Progress {
  const labelled = result.labelled + result.waiting
  return { labelled, about: labelled + Math.max(0, ...result.claims.map(({ more }) => more ?? 0)) }
}

function toBlind(line: string): BlindRecord {
  const { indicator_id: id, sample_values: samples, ...record } = blindSchema.parse(JSON.parse(line))
  const texts = Object.entries(record).flatMap(([name, text]) => {
    return typeof text === 'string' && text !== '' && !NO_TEXTS.has(name) ? [{ name, text }] : []
  })
  return { id, texts, samples }
}
