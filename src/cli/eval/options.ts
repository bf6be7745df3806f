/** Parses the options --pack and --fail-under of `eval`, and checks the scores against the minimums of --fail-under. */
import { InvalidArgumentError } from 'commander'
import { ACCURACIES, type Score } from '../../eval/score.ts'
import { wholeNumber } from '../ui/option-values.ts'

/** The names of the scores for which --fail-under may set a minimum. */
const FIGURES = [...ACCURACIES, 'sure.precision', 'sure.coverage'] as const
type Figure = (typeof FIGURES)[number]

/** The minimum of each score that --fail-under names. */
export type FailUnder = ReadonlyMap<Figure, number>

/**
 * Parses a list of different pack sizes from 1 to 25, such as "1,5,10"; a pack is the group of indicators in one model
 * request.
 */
export function parsePacks(text: string): number[] {
  const parseSize = wholeNumber(1, 25)
  const packs = text.split(',').map((part) => parseSize(part.trim()))
  if (new Set(packs).size < packs.length) throw new InvalidArgumentError('It must name each size once.')
  return packs
}

/** Parses a list of scores with their minimums from 0 to 1, such as "type=0.9,all=0.8". */
export function parseFailUnder(text: string): FailUnder {
  const bounds = new Map<Figure, number>()
  for (const part of text.split(',')) {
    const [, name, value = ''] = /^\s*([a-z_.]+)\s*=\s*(\d+(?:\.\d+)?|\.\d+)\s*$/.exec(part) ?? []
    const figure = FIGURES.find((known) => known === name)
    if (figure === undefined || Number(value) > 1) {
      throw new InvalidArgumentError(
        `"${part.trim().slice(0, 60)}" must be FIGURE=NUMBER, a figure of ${FIGURES.join(', ')} and a number from 0 to 1.`,
      )
    }
    if (bounds.has(figure)) throw new InvalidArgumentError(`It must name ${figure} once.`)
    bounds.set(figure, Number(value))
  }
  return bounds
}

type Figures = Pick<Score, 'accuracy' | 'sure'> & { readonly pack?: number }

/**
 * Returns one sentence for every score below its minimum. A precision that was computed from no indicators fails every
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

function figureOf({ accuracy, sure }: Figures, figure: Figure): number | null {
  if (figure === 'sure.precision') return sure.precision
  if (figure === 'sure.coverage') return sure.coverage
  return accuracy[figure]
}
