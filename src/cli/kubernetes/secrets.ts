/** The command `kubernetes:secrets`: prints the Secrets of the Helm chart with new passwords, tokens and a new signing key. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import type { DatabaseConnection } from '../../config/database-connection.ts'
import { decoded } from '../../config/outside-database.ts'
import { createSigningKey, publicKeyOf } from '../../embedded/identity.ts'
import { createToken } from '../../lib/network/console-link.ts'
import { sha256 } from '../../lib/sha256.ts'
import { printJson, say } from '../ui/terminal.ts'

interface Options {
  readonly namespace: string
  readonly restateNamespace?: string
}

export function addKubernetesSecretsCommand(program: Command): void {
  program
    .command('kubernetes:secrets')
    .description('Print the Secrets of the Helm chart, made anew, for kubectl create -f -')
    .option('--namespace <name>', 'the namespace of the release', 'classify')
    .option('--restate-namespace <name>', 'that of the RestateCluster too, where restate-operator is used')
    .action((options: Options) => {
      const { openai, database } = readConfig()
      const password = database.connection === null ? undefined : passwordOf(database.connection)
      printJson({ apiVersion: 'v1', kind: 'List', items: makeSecrets(options, { password, modelKey: openai.apiKey }) })
      const given = [
        ...(password === undefined ? [] : ['the password of the database']),
        ...(openai.apiKey === undefined ? [] : ['OPENAI_API_KEY']),
      ]
      say(
        `Made anew but for what is configured here (${given.join(', ') || 'nothing'}). kubectl create refuses Secrets that exist.`,
      )
    })
}

/** The password of a connection, whichever form it was given in. */
function passwordOf(connection: DatabaseConnection): string | undefined {
  if (!('url' in connection)) return connection.password
  return decoded(new URL(connection.url).password) || undefined
}

export interface GivenSecrets {
  readonly password: string | undefined
  readonly modelKey: string | undefined
}

/** The Secrets by the names that values.yaml of the chart has. */
export function makeSecrets({ namespace, restateNamespace }: Options, { password, modelKey }: GivenSecrets): object[] {
  const secret = (name: string, stringData: Readonly<Record<string, string>>, own = namespace) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
    metadata: { name, namespace: own },
    stringData,
  })
  const pem = createSigningKey()
  const identity = { 'node.pem': pem, 'cluster.pub': `${publicKeyOf(pem)}\n` }
  const [caller, operator] = [createToken(), createToken()]
  return [
    secret('classify-database', { POSTGRES_PASSWORD: password ?? createToken() }),
    secret('classify-tokens', {
      API_TOKENS: `caller:${sha256(caller)}:submit+read\noperator:${sha256(operator)}:submit+read+review+operate\n`,
    }),
    secret('classify-caller', { API_TOKEN: caller }),
    // The console calls the service with it. Whoever may read Secrets of the namespace takes it from there as well.
    secret('classify-operator', { API_TOKEN: operator }),
    secret('classify-identity', identity),
    ...(restateNamespace === undefined ? [] : [secret('classify-identity', identity, restateNamespace)]),
    ...(modelKey === undefined ? [] : [secret('classify-model', { OPENAI_API_KEY: modelKey })]),
  ]
}
