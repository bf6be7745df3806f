/** Parses the options --pack and --fail-under of `eval`, and checks the scores against the minimums of --fail-under. */
import { InvalidArgumentError } from 'commander'
import type { Codebook, Field } from '../../codebooks/codebook.ts'
import { ServiceError } from '../../errors.ts'
import { ALL, type Score } from '../../eval/score.ts'
import { wholeNumber } from '../ui/option-values.ts'

const SURE_FIGURES = ['sure.precision', 'sure.coverage'] as const

/** The minimum of each score that --fail-under names. */
export type FailUnder = ReadonlyMap<string, number>

/**
 * Parses a list of different pack sizes from 1 to 25, such as "1,5,10"; a pack is the group of records in one model
 * request.
 */
export function parsePacks(text: string): number[] {
  const parseSize = wholeNumber(1, 25)
  const packs = text.split(',').map((part) => parseSize(part.trim()))
  if (new Set(packs).size < packs.length) throw new InvalidArgumentError('It must name each size once.')
  return packs
}

/** Parses a list of scores with their minimums from 0 to 1, such as "all=0.8". Which names there are, the codebook says. */
export function parseFailUnder(text: string): FailUnder {
  const bounds = new Map<string, number>()
  for (const part of text.split(',')) {
    const [, figure, value = ''] = /^\s*([A-Za-z_][\w.-]*)\s*=\s*(\d+(?:\.\d+)?|\.\d+)\s*$/.exec(part) ?? []
    if (figure === undefined || Number(value) > 1) {
      throw new InvalidArgumentError(
        `"${part.trim().slice(0, 60)}" must be FIGURE=NUMBER, the name of a field, ${ALL} or ${SURE_FIGURES.join(' or ')}, and a number from 0 to 1.`,
      )
    }
    if (bounds.has(figure)) throw new InvalidArgumentError(`It must name ${figure} once.`)
    bounds.set(figure, Number(value))
  }
  return bounds
}

/** Throws ServiceError input-invalid where --fail-under names a figure that this evaluation does not give. */
export function checkFigures(failUnder: FailUnder, codebook: Codebook, scored: readonly Field[]): void {
  const figures = [...scored.map(({ name }) => name), ALL, ...SURE_FIGURES]
  for (const figure of failUnder.keys()) {
    if (figures.includes(figure)) continue
    const why = codebook.field.has(figure)
      ? `the gold file labels no ${figure}`
      : `"${figure.slice(0, 60)}" is no field of ${codebook.name}`
    throw new ServiceError('input-invalid', `--fail-under: ${why}; the figures are ${figures.join(', ')}`)
  }
}

type Figures = Pick<Score, 'accuracy' | 'sure'> & { readonly pack?: number }

/**
 * Returns one sentence for every score below its minimum. A precision that was computed from no records fails every
 * minimum but 0.
 */
export function findShortfalls(failUnder: FailUnder, reports: readonly Figures[]): string[] {
  return reports.flatMap((report) =>
    [...failUnder].flatMap(([figure, bound]) => {
      const value = figureOf(report, figure)
      if ((value ?? 0) >= bound) return []
      const where = report.pack === undefined ? '' : ` (pack ${report.pack})`
      return [`--fail-under: ${figure} is ${value ?? 'not defined'}, below ${bound}${where}`]
    }),
  )
}

function figureOf({ accuracy, sure }: Figures, figure: string): number | null {
  if (figure === 'sure.precision') return sure.precision
  if (figure === 'sure.coverage') return sure.coverage
  return accuracy[figure] ?? null
}
