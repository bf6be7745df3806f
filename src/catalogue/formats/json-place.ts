/** Decides which list of a JSON document holds the records: by the shapes that publishers use, by --records, or by size. */
import { inputInvalid, printable, showValue } from '../problem-report.ts'
import type { Container } from './json-scan.ts'

const MAX_SHOWN = 6
/** Another list must be smaller than this part of the largest, else a person has to choose, 0 to 1. */
const CLEARLY_LESS = 0.5

/** The shapes of well-known answers, by the path of their records. */
const KNOWN_PATHS: readonly string[] = [
  'series.docs',
  'seriess',
  'data.items',
  'value',
  'results',
  'records',
  'items',
  'data',
]

/** A path as a user writes and reads it: "series.docs"; "." is the whole document. */
export function pathText(path: readonly string[]): string {
  return path.length === 0 ? '.' : path.join('.')
}

/** Finds the container that the user named. Throws `input-invalid`, which lists those that there are. */
export function namedContainer(containers: readonly Container[], records: string, label: string): Container {
  const wanted = pathText(
    records
      .replace(/^\$\.?/, '')
      .replace(/\[(\d+|\*)\]/g, '.$1')
      .replaceAll('/', '.')
      .split('.')
      .filter((part) => part !== ''),
  )
  const found = containers.find(({ path }) => pathText(path) === wanted)
  if (found !== undefined) return found
  throw inputInvalid(
    `${label}: --records ${showValue(records)} names no list of records; there are ${shown(containers)}`,
  )
}

/**
 * Finds the container with the records; "document" where the whole document is one record. Throws `input-invalid` where two lists
 * are so alike that a person has to say which.
 */
export function chooseContainer(containers: readonly Container[], label: string): Container | 'document' {
  const lists = containers.filter(({ kind, path }) => kind === 'list' && !path.includes('*'))
  const known = KNOWN_PATHS.map((text) => lists.find(({ path }) => pathText(path) === text)).find(Boolean)
  if (known !== undefined) return observed(known, containers)
  // The World Bank's answers are [page, rows].
  const rows = lists.find(({ path }) => pathText(path) === '1')
  if (rows !== undefined) return rows
  const maps = containers.filter(({ kind, path, objects, values }) => {
    return kind === 'map' && !path.includes('*') && objects >= 2 && objects === values && !isInside(path, lists)
  })
  const top = lists.filter(({ path }) => !isInside(path, lists))
  // The whole document counts as a collection only where there is none inside it.
  const inner = maps.filter(({ path }) => path.length > 0)
  const candidates = (top.length > 0 ? top : inner.length > 0 ? inner : maps).toSorted((a, b) => b.objects - a.objects)
  const [largest, second] = candidates
  if (largest === undefined) return 'document'
  if (second !== undefined && second.objects >= 2 && second.objects > CLEARLY_LESS * largest.objects) {
    throw inputInvalid(
      `${label}: the document holds several lists that may be the records: ${shown(candidates)}. ` +
        `Say which: --records ${pathText(largest.path)}`,
    )
  }
  return observed(largest, containers)
}

/** A list of observations belongs to the one series around it, which is then the record, as in old SDMX-JSON. */
function observed(container: Container, containers: readonly Container[]): Container {
  if (container.path.at(-1) !== 'Obs') return container
  const path = container.path.slice(0, -2)
  return containers.find((one) => one.kind === 'map' && pathText(one.path) === pathText(path)) ?? container
}

function isInside(path: readonly string[], lists: readonly Container[]): boolean {
  return lists.some((list) => list.path.length < path.length && list.path.every((part, depth) => part === path[depth]))
}

function shown(containers: readonly Container[]): string {
  const texts = containers
    .toSorted((a, b) => b.objects - a.objects)
    .slice(0, MAX_SHOWN)
    .map(({ path, objects }) => `${printable(pathText(path))} (${objects.toLocaleString('en-US')} objects)`)
  return texts.join(', ') || 'none'
}
