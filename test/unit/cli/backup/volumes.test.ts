/** A restore into the volumes of the cluster that fails half-way, with a program that answers for Docker. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sha256 } from '../../../../src/lib/sha256.ts'
import { runCli } from '../../../helpers/cli/cli.ts'

const root = mkdtempSync(join(tmpdir(), 'classify-volumes-'))
after(() => rmSync(root, { recursive: true, force: true }))

const PROJECT = {
  services: { nginx: { image: 'nginx' } },
  volumes: { one: { name: 'x_one' }, two: { name: 'x_two' } },
}
const BACKUP = join(root, 'backup')
mkdirSync(join(BACKUP, 'data'), { recursive: true })
const files = ['one.tar', 'two.tar'].map((path) => {
  writeFileSync(join(BACKUP, 'data', path), path)
  return { path, bytes: path.length, sha256: sha256(path) }
})
writeFileSync(
  join(BACKUP, 'backup.json'),
  JSON.stringify({ format: 1, kind: 'cluster', made_at: '2026-11-29T00:00:00.000Z', files }),
)

/** Restores where Docker makes the volumes and unpacks the first alone. Resolves with what the command said and what Docker was asked. */
async function restore({ removes }: { readonly removes: boolean }) {
  const bin = mkdtempSync(join(root, 'bin-'))
  const asked = join(bin, 'asked')
  const script = `#!/bin/sh
echo "$*" >>'${asked}'
case "$*" in
  version*) echo 29.0.0 ;;
  'context inspect'*) printf 'default\\tunix:///var/run/docker.sock\\n' ;;
  'compose version'*) echo 2.40.0 ;;
  *' config --format json') echo '${JSON.stringify(PROJECT)}' ;;
  *' up --no-start') : >'${bin}/made' ;;
  'volume ls -q') test ! -e '${bin}/made' || printf 'x_one\\nx_two\\n' ;;
  run*x_two*) echo 'no space left on device' >&2; exit 2 ;;
  *' down --volumes') exit ${removes ? 0 : 1} ;;
esac
`
  writeFileSync(join(bin, 'docker'), script)
  chmodSync(join(bin, 'docker'), 0o755)
  const { code, stderr } = await runCli(['restore', BACKUP, '--cluster'], {
    env: { PATH: `${bin}:${process.env['PATH']}`, CLUSTER_IDENTITY_DIR: join(bin, 'identity') },
    cwd: bin,
  })
  assert.equal(code, 1, stderr)
  assert.match(stderr, /tar of the volume two failed \(exit code 2\): no space left on device/)
  return { stderr, asked: readFileSync(asked, 'utf8').trimEnd().split('\n') }
}

test('a restore that fails leaves no volume with a part of the data', async () => {
  const { stderr, asked } = await restore({ removes: true })
  assert.ok(asked.some((line) => line.startsWith('run ') && line.includes('x_one:/volume')))
  assert.match(asked.at(-1) ?? '', /^compose .*--profile grafana.* down --volumes$/)
  assert.doesNotMatch(stderr, /cluster:clean/)
})

test('where the volumes cannot be removed, the command says what they are', async () => {
  const { stderr } = await restore({ removes: false })
  assert.match(stderr, /a part of the data alone: remove them with npm run cluster:clean/)
})
