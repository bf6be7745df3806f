/** The options of `eval` that need more than a word, and what --fail-under comes to. */
import { InvalidArgumentError } from 'commander'
import { ACCURACIES, type Score } from '../../eval/score.ts'
import { wholeNumber } from '../ui/option-values.ts'

const FIGURES = [...ACCURACIES, 'sure.precision', 'sure.coverage'] as const
type Figure = (typeof FIGURES)[number]

/** The least that each named figure may be. */
export type FailUnder = ReadonlyMap<Figure, number>

export function packsOf(text: string): number[] {
  const parse = wholeNumber(1, 25)
  const packs = text.split(',').map((part) => parse(part.trim()))
  if (new Set(packs).size < packs.length) throw new InvalidArgumentError('It must name each size once.')
  return packs
}

export function failUnderOf(text: string): FailUnder {
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

/** One sentence for every figure that is below its bound. A precision of nothing is below every bound but 0. */
export function shortfallsOf(failUnder: FailUnder, reports: readonly Figures[]): string[] {
  return reports.flatMap((report) =>
    [...failUnder].flatMap(([figure, bound]) => {
      const value = figureOf(report, figure)
      if ((value ?? 0) >= bound) return []
      const where = report.pack === undefined ? '' : ` (pack ${report.pack})`
      return [`--fail-under: ${figure} is ${value ?? 'of nothing'}, below ${bound}${where}`]
    }),
  )
}

function figureOf({ accuracy, sure }: Figures, figure: Figure): number | null {
  if (figure === 'sure.precision') return sure.precision
  if (figure === 'sure.coverage') return sure.coverage
  return accuracy[figure]
}
