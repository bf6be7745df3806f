/** The names of metrics in the provisioned dashboards. */
import { readdirSync, readFileSync } from 'node:fs'

const DASHBOARDS = new URL('../../docker/grafana/dashboards/', import.meta.url)
const WORDS = new Set(
  'by without on ignoring group_left group_right and or unless bool offset start end atan2 inf nan'.split(' '),
)

export interface DashboardQuery {
  readonly panel: string
  readonly expression: string
}

interface Panel {
  readonly title?: string
  readonly targets?: readonly { readonly expr?: string }[]
  readonly panels?: readonly Panel[]
}

/** Every query of every dashboard, those in collapsed rows included. */
export function dashboardQueries(): DashboardQuery[] {
  const files = readdirSync(DASHBOARDS).filter((name) => name.endsWith('.json'))
  return files.flatMap((name) => {
    const { panels } = JSON.parse(readFileSync(new URL(name, DASHBOARDS), 'utf8')) as { panels: readonly Panel[] }
    return panels.flatMap(queriesOf)
  })
}

function queriesOf(panel: Panel): DashboardQuery[] {
  const own = (panel.targets ?? []).flatMap(({ expr }) =>
    expr === undefined ? [] : [{ panel: panel.title ?? '', expression: expr }],
  )
  return [...own, ...(panel.panels ?? []).flatMap(queriesOf)]
}

/** The metrics that a PromQL expression reads: what is neither a label, a function, a number nor a word of the language. */
export function metricNames(expression: string): string[] {
  const bare = expression
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, ' ')
    .replace(/\boffset\s+-?\w+/gi, ' ')
  const found = [...bare.matchAll(/(?<![\w.:])([a-zA-Z_:][\w:]*)\s*(\()?/g)]
  const names = found.flatMap(([, name = '', call]) =>
    call === undefined && !WORDS.has(name.toLowerCase()) ? [name] : [],
  )
  return [...new Set(names)]
}

/** The name under which a metric stands in a registry: a histogram's parts stand for the whole. */
export function baseName(name: string): string {
  return name.replace(/_(bucket|sum|count)$/, '')
}
