/** Parsers for the options --pack and --fail-under of `eval`, and the check of the figures against --fail-under. */
import { InvalidArgumentError } from 'commander'
import { ACCURACIES, type Score } from '../../eval/score.ts'
import { wholeNumber } from '../ui/option-values.ts'

/** The figures of a score that --fail-under can name. */
const FIGURES = [...ACCURACIES, 'sure.precision', 'sure.coverage'] as const
type Figure = (typeof FIGURES)[number]

/** The lowest value that each named figure may have. */
export type FailUnder = ReadonlyMap<Figure, number>

/** Parses a list such as "1,5,10" of pack sizes from 1 to 25, each named once. */
export function parsePacks(text: string): number[] {
  const parseSize = wholeNumber(1, 25)
  const packs = text.split(',').map((part) => parseSize(part.trim()))
  if (new Set(packs).size < packs.length) throw new InvalidArgumentError('It must name each size once.')
  return packs
}

/** Parses a list such as "type=0.9,all=0.8" of figures and their lowest values from 0 to 1. */
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

/** One sentence for every figure that is too low. A precision of no indicators at all is below every bound but 0. */
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
