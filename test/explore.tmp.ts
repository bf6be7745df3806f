import { writeFileSync } from 'node:fs'
import { startTestStack } from './helpers/stack.ts'

const stack = await startTestStack()
try {
  const out: unknown[] = []
  const ask = async (method: string, url: string, body?: unknown, headers: Record<string, string> = {}) => {
    const r = await fetch(url, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await r.text()
    out.push({
      method,
      url: url.replace(/^http:..[^/]*/, ''),
      status: r.status,
      headers: Object.fromEntries(r.headers),
      text: text.slice(0, 3000),
    })
    return { status: r.status, text }
  }
  const I = stack.ingressUrl
  const api = await ask('GET', `${stack.adminUrl}/services/classify-api/openapi`)
  writeFileSync('/tmp/17o-restate-openapi.json', api.text)
  const body = {
    indicators: [{ indicator_id: 'a', name: 'Consumer prices rise 2 %', description: 'Prices' }],
    catalogue: 'releases',
    codebook: 'release-topics',
  }
  await ask('POST', `${I}/classify-api/batch`, body, { 'idempotency-key': 'k1' })
  await ask('POST', `${I}/classify-api/batch/send`, body, { 'idempotency-key': 'k2' })
  await ask('GET', `${I}/restate/invocation/classify-api/batch/k2/output`)
  await ask('GET', `${I}/restate/invocation/classify-api/batch/k2/attach`)
  await ask('GET', `${I}/restate/invocation/classify-api/batch/k2/output`)
  await ask('GET', `${I}/restate/invocation/classify-api/batch/unknown/output`)
  await ask('GET', `${I}/restate/invocation/classify-api/batch/unknown/attach`)
  await ask('GET', `${I}/restate/invocation/inv_nonsense/output`)
  await ask('POST', `${I}/classify-api/batch`, { indicators: [] })
  await ask('POST', `${I}/classify-api/batch`, { ...body, force: true }, { 'idempotency-key': 'k1' })
  await ask('POST', `${I}/classify-api/status`, { run_id: 'nope' })
  await ask('POST', `${I}/classify-api/status`, { indicator_id: 'a' })
  await ask('POST', `${I}/classify-api/budget`, {})
  await ask('POST', `${I}/classify-api/codebook`, {})
  await ask('POST', `${I}/classify-api/evidence`, {})
  await ask('POST', `${I}/classify-api/estimate`, body)
  await ask('POST', `${I}/classify-api/health`)
  await ask('GET', `${I}/classify-api/health`)
  await ask('GET', `${I}/restate/health`)
  await ask('GET', `${I}/guard/health`)
  await ask('POST', `${I}/classify-api/nothing`, {})
  await ask('GET', `${stack.replicaUrl}/classify-api/health`)
  await ask('GET', `${stack.replicaUrl}/classify-api/live`)
  await ask('GET', `${I}/openapi`)
  writeFileSync('/tmp/17o-explore.json', JSON.stringify(out, null, 1))
} finally {
  await stack.stop()
}
