/** The environment variables in the documentation against the schema of the configuration and the Compose file. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { COMPOSE_SECRETS, COMPOSE_VARIABLES } from '../../../src/config/compose-variables.ts'
import { FILE_NAMES, fileNameOf } from '../../../src/config/secret-files.ts'
import { VARIABLE_NAMES, variables } from '../../../src/config/variables.ts'
import { currentPages, onlyQuoted, quotedIn, ROOT, type Row, readPage, rowsOf } from './pages.ts'

const composeFile = readFileSync(join(ROOT, 'docker-compose.cluster.yml'), 'utf8')
const known: readonly string[] = [...VARIABLE_NAMES, ...COMPOSE_VARIABLES]

/** Variables that the checks of the project read, and the file that reads each of them. */
const OF_CHECKS: Readonly<Record<string, string>> = {
  COMPOSE_TEST_ENV: 'test/compose/full.compose.ts',
  COMPOSE_REQUIRED: '.ci/compose',
  STANDINS: '.ci/compose',
}

/** Variables of other programs, and the file of this project that sets or names each of them. */
const FOREIGN: Readonly<Record<string, string>> = {
  NODE_USE_ENV_PROXY: 'src/config/proxies.ts',
  HTTPS_PROXY: 'src/config/secret-files.ts',
  HTTP_PROXY: 'src/config/secret-files.ts',
  NO_PROXY: 'src/config/proxies.ts',
  ALL_PROXY: 'src/config/part-environment.ts',
  NODE_OPTIONS: 'test/unit/config/part-environment.test.ts',
  LD_PRELOAD: 'test/unit/config/part-environment.test.ts',
  NODE_EXTRA_CA_CERTS: 'src/config/part-environment.ts',
  RESTATE_LOG_FILTER: 'src/config/part-environment.ts',
  RESTATE_LOG_FORMAT: 'src/config/part-environment.ts',
  OPENAI_CUSTOM_HEADERS: 'src/config/near-misses.ts',
  OPENAI_LOG: 'src/config/near-misses.ts',
  RESTATE_ADVERTISED_ADDRESS: 'docker-compose.cluster.yml',
  RESTATE_METADATA_CLIENT__ADDRESSES: 'docker-compose.cluster.yml',
  RESTATE_GOSSIP_FAILURE_THRESHOLD: 'docker-compose.cluster.yml',
  RESTATE_METADATA_SERVER__RAFT_ELECTION_TICK: 'docker-compose.cluster.yml',
  RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: 'docker/restate/start.sh',
  ...Object.fromEntries(
    ['UNIT_MULT', 'CL_FREQ', 'CL_UNIT', 'CL_UNIT_MULT', 'CL_UNIT_MEASURE', 'USD_PPP'].map((name) => {
      return [name, 'src/codebooks/economic-indicators/sdmx-codes.ts']
    }),
  ),
}

const rows = rowsOf(readPage('docs/configuration.md'), 'variable')
const nameOf = (row: Row) => onlyQuoted(row['variable'] ?? '') ?? ''

test('docs/configuration.md has one row for every variable of the code, and no other', () => {
  assert.deepEqual(rows.map(nameOf).toSorted(), [...known, ...Object.keys(OF_CHECKS)].toSorted())
})

test('every variable that the documentation names exists', () => {
  const names = new Set([
    ...known,
    ...FILE_NAMES,
    ...COMPOSE_SECRETS.map(fileNameOf),
    ...Object.keys(OF_CHECKS),
    ...Object.keys(FOREIGN),
  ])
  const unknown = currentPages.flatMap(({ path, text }) =>
    [...text.matchAll(/\b[A-Z][A-Z0-9]*(?:_+[A-Z0-9]+)+\b/g)]
      .map(([name]) => name)
      .filter((name) => !names.has(name))
      .map((name) => `${path}: ${name}`),
  )
  assert.deepEqual(unknown, [])
  for (const [name, file] of Object.entries({ ...OF_CHECKS, ...FOREIGN })) {
    assert.ok(readFileSync(join(ROOT, file), 'utf8').includes(name), `${file} no longer has ${name}`)
  }
})

for (const [name, schema] of Object.entries(variables.shape)) {
  test(`docs/configuration.md tells the default of ${name} and what it may be`, () => {
    const row = rows.find((candidate) => nameOf(candidate) === name)
    const documented = onlyQuoted(row?.['default'] ?? '')
    const standard: unknown = schema.parse(undefined)
    if (standard === undefined) assert.equal(documented, undefined, 'the code has no default')
    else assert.deepEqual(schema.parse(documented), standard)
    checkAllowed(schema, row?.['allowed'] ?? '')
  })
}

/** A range is tried at its ends and beyond them, and a list of words is compared with the schema's. */
function checkAllowed(schema: z.ZodType, allowed: string): void {
  const [, least, most] = /^([\d.]+) to ([\d.]+)$/.exec(allowed) ?? []
  if (least !== undefined && most !== undefined) {
    const min = Number(least)
    const below = Number.isInteger(min) ? min - 1 : min / 2
    assert.deepEqual(
      [least, most, String(below), String(Number(most) + 1)].map((text) => schema.safeParse(text).success),
      [true, true, false, false],
    )
  }
  const inner = schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.unwrap() : schema
  if (inner instanceof z.ZodEnum) assert.deepEqual(quotedIn(allowed), inner.options)
}

test('docs/configuration.md tells the default of every variable that Compose alone reads', () => {
  for (const name of COMPOSE_VARIABLES) {
    const row = rows.find((candidate) => nameOf(candidate) === name)
    const standard = new RegExp(`\\$\\{${name}:-([^}]*)\\}`).exec(composeFile)?.[1]
    assert.equal(onlyQuoted(row?.['default'] ?? ''), standard, name)
  }
})
