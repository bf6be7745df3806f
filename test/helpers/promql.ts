/** The PromQL expressions of the provisioned dashboards and alert rules, and the names of metrics that they read. */
import { readdirSync, readFileSync } from 'node:fs'

const DASHBOARDS = new URL('../../docker/grafana/dashboards/', import.meta.url)
const ALERTS = new URL('../../docker/prometheus/alerts.yml', import.meta.url)
/** Words of PromQL that stand where a metric could stand. */
const KEYWORDS = new Set(
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

/** Every query of every dashboard, including those of collapsed rows. */
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

export interface AlertRule {
  readonly name: string
  readonly expression: string
  readonly severity: string
  readonly summary: string
  /** The command that the annotation tells an operator to run. */
  readonly command: string
}

/** Every rule of docker/prometheus/alerts.yml. A field that a rule lacks is ''. */
export function alertRules(): AlertRule[] {
  const [, ...blocks] = readFileSync(ALERTS, 'utf8').split(/^ +- alert: /m)
  return blocks.map((block) => ({
    name: /^\w+/.exec(block)?.[0] ?? '',
    expression: /^ +expr: ([\s\S]*?)^ +(?:for|labels):/m.exec(block)?.[1]?.replace(/^\|/, '').trim() ?? '',
    severity: /severity: (\w+)/.exec(block)?.[1] ?? '',
    summary: /^ +summary: (.+)$/m.exec(block)?.[1] ?? '',
    command: /^ +command: (.+)$/m.exec(block)?.[1] ?? '',
  }))
}

/** The metrics that a PromQL expression reads, without its labels, functions, numbers and keywords. */
export function metricNames(expression: string): string[] {
  const bare = expression
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, ' ')
    .replace(/\boffset\s+-?\w+/gi, ' ')
  const found = [...bare.matchAll(/(?<![\w.:])([a-zA-Z_:][\w:]*)\s*(\()?/g)]
  const names = found.flatMap(([, name = '', call]) =>
    call === undefined && !KEYWORDS.has(name.toLowerCase()) ? [name] : [],
  )
  return [...new Set(names)]
}

/** The name under which a metric stands in a registry, where the parts of a histogram stand together under one name. */
export function baseName(name: string): string {
  return name.replace(/_(bucket|sum|count)$/, '')
}
