/** What an attacker would ask of each port: the calls that spend, change, read or end something. */
import { readFileSync } from 'node:fs'

export interface Target {
  readonly what: string
  /** With `{way}` in it where the answering server has to learn in which way it was asked. */
  readonly url: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly body?: string
}

/** What the calls of an attacker would leave behind. */
export const ATTACK = {
  rpm: 7,
  codebook: 'attack-book',
  indicator: 'attacked',
  deployment: 'http://127.0.0.1:9/attack',
}

const CODEBOOK = new URL('../../src/codebooks/release-topics/codebook.yaml', import.meta.url)
const INDICATOR = { indicator_id: ATTACK.indicator, name: 'Gross domestic product, by an attacker' }

/** Fills in a method and a JSON body. */
function post(what: string, url: string, body: unknown): Target {
  return { what, url, method: 'POST', body: JSON.stringify(body) }
}

function get(what: string, url: string): Target {
  return { what, url, method: 'GET' }
}

export function ingressTargets(url: string): Target[] {
  const batch = { indicators: [INDICATOR] }
  const text = readFileSync(CODEBOOK, 'utf8').replace(/^name: .*/m, `name: ${ATTACK.codebook}`)
  return [
    post('budget', `${url}/classify-api/budget`, { rpm: ATTACK.rpm }),
    post('batch', `${url}/classify-api/batch`, batch),
    post('batch/send', `${url}/classify-api/batch/send`, batch),
    post('restate/send', `${url}/restate/send/classify-api/batch`, batch),
    post('estimate', `${url}/classify-api/estimate`, batch),
    post('evidence', `${url}/classify-api/evidence`, {}),
    post('codebook', `${url}/classify-api/codebook`, { text }),
    get('health', `${url}/classify-api/health`),
    get('restate/health', `${url}/restate/health`),
  ]
}

/** `invocation` and `deployment` are ids of the victim's. */
export function adminTargets(url: string, invocation: string, deployment: string): Target[] {
  return [
    post('register', `${url}/deployments`, { uri: ATTACK.deployment }),
    post('query', `${url}/query`, { query: 'select * from sys_invocation' }),
    get('deployments', `${url}/deployments`),
    get('ui', `${url}/ui/`),
    { what: 'cancel', url: `${url}/invocations/${invocation}/cancel`, method: 'PATCH' },
    { what: 'kill', url: `${url}/invocations/${invocation}/kill`, method: 'PATCH' },
    { what: 'delete', url: `${url}/invocations/${invocation}?mode=kill`, method: 'DELETE' },
    { what: 'unregister', url: `${url}/deployments/${deployment}?force=true`, method: 'DELETE' },
  ]
}

export function replicaTargets(url: string): Target[] {
  return [
    get('replica health', `${url}/health`),
    get('replica metrics', `${url}/metrics`),
    get('replica discover', `${url}/discover`),
    post('replica invoke', `${url}/invoke/classify-api/batch`, { indicators: [INDICATOR] }),
  ]
}

/** `url` is the address of the offline model with /v1. */
export function modelTargets(url: string): Target[] {
  const messages = [{ role: 'user', content: JSON.stringify([INDICATOR]) }]
  return [
    post('model', `${url}/chat/completions`, { model: 'gpt-5-mini', messages }),
    get('model stats', new URL('/stats', url).href),
  ]
}

/** The published port of the cluster's NGINX, which serves health alone: what it must not serve. */
export function nginxTargets(url: string): Target[] {
  const replica = replicaTargets(url).filter(({ what }) => what !== 'replica health')
  return [...replica, post('nginx budget', `${url}/classify-api/budget`, { rpm: ATTACK.rpm })]
}

/** The same targets at another origin, by other names of the same machine for instance. */
export function at(origin: string, targets: readonly Target[]): Target[] {
  return targets.map((target) => ({ ...target, url: target.url.replace(/^http:\/\/[^/]+/, origin) }))
}
