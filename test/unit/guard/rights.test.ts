/** The right that each path, method and body needs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rightForAdmin, rightForBody, rightForIngress } from '../../../src/guard/rights.ts'
import { parseIngressCall, parseTarget } from '../../../src/guard/target.ts'

function rightFor(path: string): string {
  const target = parseTarget(path)
  assert.ok(target !== undefined, path)
  return rightForIngress(parseIngressCall(target))
}

test('each path of an ingress needs one right, and an unknown path needs operate', () => {
  const needs: readonly [string, string][] = [
    ['/classify-api/batch', 'submit'],
    ['/classify-api/batch/send', 'submit'],
    ['/classify-api/estimate', 'read'],
    ['/classify-api/status', 'read'],
    ['/classify-api/health', 'read'],
    ['/classify-api/evidence', 'read'],
    ['/classify-api/runs', 'read'],
    ['/classify-api/drive', 'submit'],
    ['/classify-api/review', 'review'],
    ['/classify-api/review/send', 'review'],
    ['/restate/health', 'read'],
    ['/restate/invocation/classify-api/batch/key/output', 'read'],
    ['/restate/invocation/inv_1/attach', 'read'],
    ['/classify-api/budget', 'by-body'],
    ['/classify-api/budget/send', 'by-body'],
    ['/classify-api/codebook', 'by-body'],
    ['/classify-api/Batch', 'operate'],
    ['/Classify-api/batch', 'operate'],
    ['/classify-api/status/batch', 'operate'],
    ['/classify-api/toString', 'operate'],
    ['/classify-api/__proto__', 'operate'],
    ['/classify-api/later', 'operate'],
    ['/classifier/chunk', 'operate'],
    ['/other/batch', 'operate'],
    ['/restate/awakeables/id/resolve', 'operate'],
    ['/restate/call/classify-api/status', 'read'],
    ['/restate/send/classify-api/batch', 'submit'],
    ['/restate/call/classify-api/budget', 'by-body'],
    ['/restate/scope/s/call/classify-api/status', 'read'],
    ['/restate/scope/s/lookup', 'operate'],
    ['/openapi', 'operate'],
    ['/', 'operate'],
  ]
  for (const [path, right] of needs) assert.equal(rightFor(path), right, path)
})

test('an admin port is read by GET and by its query, and all else operates', () => {
  const needs: readonly [string, string, string][] = [
    ['GET', '/deployments', 'read'],
    ['HEAD', '/ui/', 'read'],
    ['POST', '/query', 'read'],
    ['POST', '/query/', 'operate'],
    ['PUT', '/query', 'operate'],
    ['POST', '/deployments', 'operate'],
    ['PATCH', '/invocations/inv_1/cancel', 'operate'],
    ['DELETE', '/deployments/dp_1', 'operate'],
    ['OPTIONS', '/deployments', 'operate'],
  ]
  for (const [method, path, right] of needs) assert.equal(rightForAdmin(method, path), right, `${method} ${path}`)
})

test('budget and codebook are read by bodies that are surely questions', () => {
  const needs: readonly [string, string, string][] = [
    ['budget', '', 'read'],
    ['budget', '{}', 'read'],
    ['budget', ' { } ', 'read'],
    ['budget', '{"rpm":5}', 'operate'],
    ['budget', '{"tpm":null}', 'operate'],
    ['budget', '{"\\u0072pm":5}', 'operate'],
    ['budget', '{"x":1}', 'operate'],
    ['budget', '{"__proto__":{"rpm":1}}', 'operate'],
    ['budget', '\ufeff{}', 'operate'],
    ['budget', '{', 'operate'],
    ['budget', '[]', 'operate'],
    ['budget', 'null', 'operate'],
    ['budget', '"{}"', 'operate'],
    ['budget', `{}${' '.repeat(5_000)}`, 'operate'],
    ['budget', '['.repeat(4_000), 'operate'],
    ['codebook', '{}', 'read'],
    ['codebook', '{"name":"a"}', 'read'],
    ['codebook', '{"text":"a"}', 'operate'],
    ['codebook', '{"name":"a","text":"b"}', 'operate'],
    ['other', '{"name":"a"}', 'operate'],
  ]
  for (const [handler, body, right] of needs)
    assert.equal(rightForBody(handler, Buffer.from(body)), right, body.slice(0, 40))
})
