/** Checks objects against the schemas of Kubernetes and of the custom resources, and finds fields that no schema knows. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { type KubernetesObject, nameOf, ROOT } from './chart.ts'
import { podsOf } from './pods.ts'
import { findUnread, watchReads } from './unread.ts'

/** Where the schemas of an API are: modules with a class for each kind. */
const MODULES: Readonly<Record<string, string>> = {
  v1: 'kubernetes-models/v1',
  'apps/v1': 'kubernetes-models/apps/v1',
  'autoscaling/v2': 'kubernetes-models/autoscaling/v2',
  'batch/v1': 'kubernetes-models/batch/v1',
  'networking.k8s.io/v1': 'kubernetes-models/networking.k8s.io/v1',
  'policy/v1': 'kubernetes-models/policy/v1',
  'keda.sh/v1alpha1': '@kubernetes-models/keda/keda.sh/v1alpha1',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
  'external-secrets.io/v1': '@kubernetes-models/external-secrets/external-secrets.io/v1',
}

/** The definitions of restate-operator, which are its maintainers' and no part of this project. */
const DEFINITIONS: Readonly<Record<string, string>> = {
  RestateCluster: 'restateclusters.yaml',
  RestateDeployment: 'restatedeployments.yaml',
}
const definitionsDirectory = join(ROOT, '../shared/crd')

/** The `skip` option of a test that needs the definitions of restate-operator. */
export const skipWithoutDefinitions: string | false = existsSync(definitionsDirectory)
  ? false
  : `the definitions of restate-operator are not in ${definitionsDirectory}`

/** A class of these packages. Its `validate` throws what is wrong with `this`. */
interface ModelClass {
  readonly prototype: { validate(this: unknown): void }
}

/** What is wrong with the form of an object; empty where nothing is. */
export async function formFaults(object: KubernetesObject): Promise<string[]> {
  const definition = DEFINITIONS[object.kind]
  if (definition === undefined) return await modelFaults(object)
  const template = podsOf([object]).map(({ spec, labels }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...object.metadata, labels },
    spec,
  }))
  const faults = await Promise.all(template.map(modelFaults))
  return [...(skipWithoutDefinitions === false ? definitionFaults(object, definition) : []), ...faults.flat()]
}

async function modelFaults(object: KubernetesObject): Promise<string[]> {
  const path = MODULES[object.apiVersion]
  if (path === undefined) return [`${nameOf(object)}: no schema is known for ${object.apiVersion}`]
  const module = (await import(path)) as Record<string, ModelClass>
  const ModelOfKind = module[object.kind]
  if (ModelOfKind === undefined) return [`${nameOf(object)}: ${object.apiVersion} has no such kind`]
  const watched = watchReads(object)
  try {
    // The constructor would copy the object, and so read all of it.
    ModelOfKind.prototype.validate.call(watched.value)
  } catch (error) {
    return [`${nameOf(object)}: ${error instanceof Error ? error.message : String(error)}`]
  }
  return findUnread(object, watched).map((field) => `${nameOf(object)}: no schema knows ${field}`)
}

interface Schema {
  type?: string
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: boolean | Schema
  [key: string]: unknown
}

function definitionFaults(object: KubernetesObject, file: string): string[] {
  const definition = parse(readFileSync(join(definitionsDirectory, file), 'utf8')) as {
    spec: { versions: readonly { name: string; served: boolean; schema: { openAPIV3Schema: Schema } }[] }
  }
  const version = object.apiVersion.split('/')[1]
  const served = definition.spec.versions.find(({ name, served }) => name === version && served)
  if (served === undefined) return [`${nameOf(object)}: ${file} serves no ${object.apiVersion}`]
  const schema = structuredClone(served.schema.openAPIV3Schema)
  // What every object has is checked elsewhere.
  schema.properties = { ...schema.properties, apiVersion: {}, kind: {}, metadata: {} }
  closeSchema(schema)
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  const validate = ajv.compile(schema)
  if (validate(object)) return []
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${nameOf(object)}: ${instancePath} ${message} ${JSON.stringify(params)}`
  })
}

/** Forbids fields that a definition does not name, as the strict validation of a control plane does. */
function closeSchema(schema: Schema): void {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return
  if (schema['x-kubernetes-int-or-string'] === true) {
    delete schema.type
    return
  }
  for (const property of Object.values(schema.properties ?? {})) closeSchema(property)
  if (schema.items !== undefined) closeSchema(schema.items)
  if (typeof schema.additionalProperties === 'object') closeSchema(schema.additionalProperties)
  else if (schema.properties !== undefined) schema.additionalProperties = false
}
