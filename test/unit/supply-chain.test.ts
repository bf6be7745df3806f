/** What the service is made of: licences of packages, the list of packages, and images by digest. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { formatLicences, readLicences } from '../licences.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'classify-images-'))
after(() => rmSync(directory, { recursive: true, force: true }))

test('the image has packages of permissive licences alone, and the documentation names the licence of every other', () => {
  const page = readFileSync(join(ROOT, 'docs/operations/supply-chain.md'), 'utf8')
  const packages = readLicences()
  const permissive = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD']
  const inImage = packages.filter(({ isDevelopment }) => !isDevelopment)
  assert.ok(inImage.length > 20)
  for (const { name, licence } of inImage) assert.ok(permissive.includes(licence), `${name} is ${licence}`)
  const names: Readonly<Record<string, string>> = {
    BSL: 'Business Source License',
    'MIT OR Apache-2.0': 'MIT or Apache-2.0',
  }
  for (const { name, licence } of packages.filter((one) => one.isDevelopment && !permissive.includes(one.licence)))
    assert.ok(page.includes(names[licence] ?? licence), `${name} is ${licence}, which the page does not name`)
  assert.match(formatLicences(packages), /^image {2}MIT: .*fastify \d/m)
  assert.match(formatLicences(packages), /^development {2}BSL: @restatedev\/restate-server \d/m)
})

test('npm run sbom prints a list of the packages with licences and hashes, and marks those that only development uses', async () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const command = (scripts.sbom ?? '').replace(/^exec /, '')
  const { stdout } = await run('sh', ['-c', command], { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 })
  const { bomFormat, components } = JSON.parse(stdout) as {
    bomFormat: string
    components: {
      name: string
      version: string
      scope?: string
      licenses?: unknown[]
      hashes?: unknown[]
      properties?: { name: string; value: string }[]
    }[]
  }
  assert.equal(bomFormat, 'CycloneDX')
  const listed = new Set(components.map(({ name, version }) => `${name} ${version}`))
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  for (const [name, version] of Object.entries(dependencies)) assert.ok(listed.has(`${name} ${version}`), name)
  for (const { name, scope, licenses = [], hashes = [] } of components) {
    // npm knows no hash of a package for another platform, which it never installs here.
    if (scope === 'optional') continue
    assert.ok(licenses.length > 0 && hashes.length > 0, name)
  }
  const marked = components.filter(({ properties = [] }) =>
    properties.some((one) => one.name === 'cdx:npm:package:development'),
  )
  assert.ok(marked.some(({ name }) => name === '@biomejs/biome'))
  assert.ok(!marked.some(({ name }) => name === 'pg'))
})

test('docker/pin-images.sh prints the digest of every image beside its tag, and says where there is none', async () => {
  writeFileSync(
    join(directory, 'docker'),
    `#!/bin/sh
case "$*" in
  *quay.io*RepoDigests*|*RepoDigests*quay.io*) ;;
  *RepoDigests*) for last; do :; done; echo "\${last%:*}@sha256:$(printf '%064d' 7)" ;;
esac
`,
  )
  chmodSync(join(directory, 'docker'), 0o755)
  const env = { PATH: `${directory}:${process.env.PATH}`, NGINX_IMAGE: 'mirror.example/nginx:1.31@sha256:old' }
  const { stdout } = await run('sh', [join(ROOT, 'docker/pin-images.sh')], { env })
  const lines = stdout.trim().split('\n')
  const digest = `sha256:${'7'.padStart(64, '0')}`
  assert.ok(lines.includes(`NGINX_IMAGE=mirror.example/nginx:1.31@${digest}`), stdout)
  assert.ok(lines.includes(`NODE_IMAGE=node:24-bookworm-slim@${digest}`), stdout)
  assert.ok(lines.some((line) => line.startsWith('# MINIO_IMAGE=quay.io/minio/minio:') && line.includes('no digest')))
  const compose = readFileSync(join(ROOT, 'docker-compose.cluster.yml'), 'utf8')
  const named = new Set([...compose.matchAll(/\$\{([A-Z]+_IMAGE):-/g)].map(([, name]) => name))
  assert.equal(lines.length, named.size - 1, 'one line for each image but our own')
  const values = await run('sh', [join(ROOT, 'docker/pin-images.sh'), '--values'], { env })
  assert.match(values.stdout, new RegExp(`^images:\\n  nginx: mirror.example/nginx:1.31@${digest}$`, 'm'))
  assert.deepEqual(
    [...values.stdout.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name),
    ['nginx', 'pgbouncer', 'restate', 'timescaledb'],
  )
  await assert.rejects(run('sh', [join(ROOT, 'docker/pin-images.sh'), '--yaml'], { env }), /Usage/)
})
