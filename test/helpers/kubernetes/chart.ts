/** Renders the Helm chart, and reads what it rendered. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { helmProgram } from './programs.ts'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
export const CHART = join(ROOT, 'kubernetes/classify-service')
export const NAMESPACE = 'apps'
export const RELEASE = 'demo'

const fixture = (name: string) => join(ROOT, 'test/fixtures/kubernetes', name)
const production = [join(CHART, 'values-production.yaml'), fixture('production.yaml')]

/** The ways to run that are checked, with the files of values of each. */
export const WAYS: Readonly<Record<string, readonly string[]>> = {
  'a first try': [],
  operator: [fixture('operator.yaml')],
  hpa: [fixture('hpa.yaml')],
  keda: [fixture('keda.yaml')],
  production,
  'operator in production': [...production, fixture('operator-production.yaml')],
}

/** An object of Kubernetes as far as all have the same form. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

/** Runs helm, and rejects with what it said where it fails. */
export async function helm(args: readonly string[]): Promise<string> {
  const program = await helmProgram()
  try {
    const { stdout } = await promisify(execFile)(program, [...args], { maxBuffer: 64 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    // Helm names every symbolic link of the chart.
    throw new Error(`${stdout}${stderr.replaceAll(/^level=INFO .*\n/gm, '')}`, { cause: error })
  }
}

/** The objects that the chart, or a copy of it, renders with these files of values and settings. */
export async function render(
  files: readonly string[],
  settings: readonly string[] = [],
  chart = CHART,
): Promise<KubernetesObject[]> {
  const values = files.flatMap((file) => ['--values', file])
  const set = settings.flatMap((setting) => ['--set-json', setting])
  const text = await helm(['template', RELEASE, chart, '--namespace', NAMESPACE, ...values, ...set])
  return parseAllDocuments(text).flatMap((document) => {
    if ('errors' in document && document.errors.length > 0) throw document.errors[0]
    const object = document.toJS() as KubernetesObject | null
    return object === null ? [] : [object]
  })
}

const rendered = new Map<string, Promise<KubernetesObject[]>>()

/** The objects of one of the ways, rendered once for all tests of a process. */
export function objectsOf(way: string): Promise<KubernetesObject[]> {
  const known = rendered.get(way) ?? render(WAYS[way] ?? [])
  rendered.set(way, known)
  return known
}

/** The first object of this kind, with a name that ends so. Throws where there is none. */
export function findObject(objects: readonly KubernetesObject[], kind: string, nameEnd = ''): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name.endsWith(nameEnd))
  if (found === undefined) throw new Error(`no ${kind} ${nameEnd} was rendered`)
  return found
}

/** How an object is called in messages. */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.name}`
}
