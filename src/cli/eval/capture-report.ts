/** What `eval --capture` says at its end: what was captured, and the command that scores the answers. */
import type { GoldRow } from '../../eval/gold-file.ts'
import { shellWord } from '../ui/shell-word.ts'
import { printJson, printText } from '../ui/terminal.ts'

/** The options of the capture that its replay needs too. */
export interface CaptureOptions {
  readonly mode: string
  readonly codebook?: string
  readonly pack: readonly number[]
  readonly json?: boolean
}

/** A replay with requests of this size needs no --pack, because it is the default. */
const DEFAULT_PACK = 10

/** The command that scores the answers to the captured requests; `gold` is null where no gold file was named. */
export function replayCommand(file: string, gold: string | null, { mode, codebook, pack }: CaptureOptions): string {
  const isDefaultPack = pack.length === 1 && pack[0] === DEFAULT_PACK
  return [
    'npm run eval --',
    ...(gold === null ? [] : [shellWord(gold)]),
    ...(codebook === undefined ? [] : ['--codebook', shellWord(codebook)]),
    `--mode ${mode}`,
    ...(isDefaultPack ? [] : [`--pack ${pack.join(',')}`]),
    `--replay ${shellWord(file)}`,
  ].join(' ')
}

/** Says what was captured and how to go on. There are no scores, because the run was answered with guesses. */
export function reportCapture(
  file: string,
  requests: number,
  { gold, rows }: { readonly gold: string | null; readonly rows: readonly GoldRow[] },
  options: CaptureOptions,
): void {
  const next = replayCommand(file, gold, options)
  if (options.json === true) {
    printJson({ captured: requests, file, next })
    return
  }
  const unlabelled = rows.some(({ labels }) => Object.keys(labels).length === 0)
  printText(
    `Captured ${requests} requests in ${file}, one JSON object a line; no score, because guesses answered this run.\n` +
      'Next: answer each "request" by its messages and schema, and add the JSON of the answer to its line as "answer".\n' +
      (unlabelled
        ? `Some records of ${gold ?? 'the gold file'} have no labels yet: give them "labels" before they are scored.\n`
        : '') +
      `Then score the answers: ${next}`,
  )
}
