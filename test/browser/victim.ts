/** The state of a service that an attacker could change, read from its own ports by a program. */
import assert from 'node:assert/strict'
import type { OfflineModelStats } from '../../src/offline-model/stats.ts'
import { ATTACK, type Target } from './targets.ts'

export interface Victim {
  readonly ingressUrl: string
  readonly adminUrl: string
  /** The address of the offline model, with or without /v1. */
  readonly modelUrl: string
}

export interface VictimState {
  readonly rpm: number
  readonly deployments: readonly string[]
  /** The invocations by id with their states, without those that only read the state for this test. */
  readonly invocations: Readonly<Record<string, string>>
  readonly codebooks: readonly string[]
  readonly modelRequests: number
}

interface Invocation {
  readonly id: string
  readonly status: string
}

async function asJson<T>(url: string, body?: unknown): Promise<T> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  const response = await fetch(
    url,
    body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
  )
  const text = await response.text()
  assert.ok(response.ok, `${url}: ${response.status} ${text}`)
  return JSON.parse(text) as T
}

export async function stateOf({ ingressUrl, adminUrl, modelUrl }: Victim): Promise<VictimState> {
  const query = `select id, status from sys_invocation where target_handler_name not in ('budget', 'codebook')`
  const [budget, { codebooks }, { deployments }, { rows }, { requests }] = await Promise.all([
    asJson<{ rpm: number }>(`${ingressUrl}/classify-api/budget`, {}),
    asJson<{ codebooks: { name: string }[] }>(`${ingressUrl}/classify-api/codebook`, {}),
    asJson<{ deployments: { id: string }[] }>(`${adminUrl}/deployments`),
    asJson<{ rows: Invocation[] }>(`${adminUrl}/query`, { query }),
    asJson<OfflineModelStats>(new URL('/stats', modelUrl).href),
  ])
  return {
    rpm: budget.rpm,
    deployments: deployments.map(({ id }) => id).sort(),
    invocations: Object.fromEntries(rows.map(({ id, status }) => [id, status]).sort()),
    codebooks: codebooks.map(({ name }) => name).sort(),
    modelRequests: requests.accepted + requests.refused + requests.failed,
  }
}

/** Sends a batch that starts in an hour, so that an attacker finds an invocation that he could end. */
export async function scheduleBatch({ ingressUrl }: Victim): Promise<string> {
  const batch = { indicators: [{ indicator_id: 'scheduled', name: 'Unemployment rate' }] }
  const { invocationId } = await asJson<{ invocationId: string }>(
    `${ingressUrl}/classify-api/batch/send?delay=1h`,
    batch,
  )
  return invocationId
}

/** Ends an invocation as its owner. */
export async function endInvocation({ adminUrl }: Victim, id: string): Promise<void> {
  const { status } = await fetch(`${adminUrl}/invocations/${id}/kill`, { method: 'PATCH' })
  assert.ok(status < 300, `${status}`)
}

/** Sends the calls of an attacker as a program of the owner does. Resolves with the status of each. */
export async function askAsProgram(targets: readonly Target[]): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {}
  for (const { what, url, method, body } of targets) {
    const json = { headers: { 'content-type': 'application/json' } }
    const response = await fetch(url, { method, ...(body === undefined ? {} : { ...json, body }) })
    await response.arrayBuffer()
    statuses[what] = response.status
  }
  return statuses
}

/** Fails where an attacker's call has left something. */
export function assertUntouched(before: VictimState, now: VictimState): void {
  assert.deepEqual(now, before)
  assert.notEqual(now.rpm, ATTACK.rpm)
  assert.ok(!now.codebooks.includes(ATTACK.codebook))
}
