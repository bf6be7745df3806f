/** Tests of secrets: what the cluster was given in files stands in no place that a person or a program looks at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../cluster.ts'
import { docker, tryDocker } from '../docker.ts'

export function secretTests(getCluster: () => Cluster): void {
  test('the service that writes the secrets has ended, and each part sees those that it uses and no others', async () => {
    const cluster = getCluster()
    const containers = await cluster.containers()
    const made = containers.find(({ Service }) => Service === 'secrets')
    assert.equal(made?.State, 'exited')
    const seen: Record<string, string[]> = {}
    for (const { ID, Service } of containers.filter(({ State }) => State === 'running')) {
      const listed = await tryDocker(['exec', ID, 'sh', '-c', 'cd /secrets && ls -d */*'])
      if (listed.code === 0) seen[Service] = listed.stdout.trim().split('\n')
    }
    const database = ['database/POSTGRES_PASSWORD']
    const snapshots = ['snapshots/SNAPSHOT_ACCESS_KEY_ID', 'snapshots/SNAPSHOT_SECRET_ACCESS_KEY']
    const model = ['HTTPS_PROXY', 'OPENAI_API_KEY', 'OPENAI_HEADERS'].filter((name) => name in cluster.secrets)
    const nodes = [1, 2, 3, 4, 5].map((number) => [`restate-${number}`, snapshots])
    const expected: Record<string, string[]> = {
      ...Object.fromEntries(nodes),
      pgbouncer: database,
      guard: [...database, ...(cluster.token === undefined ? [] : ['guard/API_TOKENS'])],
      console: ['console/CONSOLE_TOKEN', ...database, ...(cluster.token === undefined ? [] : ['guard/API_TOKENS'])],
      minio: snapshots,
      'classify-service': [...database, ...model.map((name) => `model/${name}`)],
      ...(containers.some(({ Service }) => Service === 'timescaledb') ? { timescaledb: database } : {}),
    }
    assert.deepEqual(seen, expected)
  })

  test('a password that was changed in the database alone is seen at once, although open connections go on', async () => {
    const cluster = getCluster()
    const pgbouncer = await cluster.container('pgbouncer')
    const login = async () => await tryDocker(['exec', pgbouncer.ID, 'sh', '/files/pgbouncer/login.sh'])
    const before = await login()
    assert.equal(before.code, 0, before.stderr)
    const database = (await cluster.containers()).find(({ Service }) => Service === 'timescaledb')
    if (database === undefined) return
    const change = async (password: string) => {
      const line = `psql -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v user="$POSTGRES_USER" -v password="${password}"`
      await docker(['exec', '-i', database.ID, 'sh', '-c', line], { input: `alter role :"user" password :'password'` })
    }
    await change('another')
    try {
      const refused = await login()
      assert.equal(refused.code, 1)
      assert.match(refused.stderr, /The database takes no new login/)
    } finally {
      await change('$(cat /secrets/database/POSTGRES_PASSWORD)')
    }
    assert.equal((await login()).code, 0)
  })

  test('a planted secret stands in no log, no metric, no journal, no image, and no docker inspect', async () => {
    const cluster = getCluster()
    const places = await readPlaces(cluster)
    for (const [place, text] of Object.entries(places)) {
      assert.ok(text.length > 0, `${place} is empty`)
      for (const [name, value] of Object.entries({ ...cluster.secrets, API_TOKEN: cluster.token ?? '' })) {
        for (const planted of value.match(/planted[0-9a-f]{24}/g) ?? [])
          assert.ok(!text.includes(planted), `${name} stands in ${place}`)
      }
    }
  })
}

/** Everything that is looked through, by the name of its place. */
async function readPlaces(cluster: Cluster): Promise<Record<string, string>> {
  const containers = await cluster.containers()
  const ids = containers.map(({ ID }) => ID)
  const places: Record<string, string> = {
    'docker inspect of the containers': await docker(['inspect', ...ids]),
    'docker inspect of the image': await docker(['inspect', cluster.env.CLASSIFY_IMAGE ?? '']),
    'the history of the image': await docker(['history', '--no-trunc', cluster.env.CLASSIFY_IMAGE ?? '']),
    'the logs of all containers': await cluster.compose('logs', '--no-color'),
    'the resolved Compose file': await cluster.compose('config'),
    'the files of the image': await filesOfImage(cluster),
  }
  const replica = containers.find(({ Service }) => Service === 'classify-service')
  const ask = "fetch('http://127.0.0.1:9080/metrics').then((r) => r.text()).then(console.log)"
  places['the metrics of a replica'] = await docker(['exec', replica?.ID ?? '', 'node', '-e', ask])
  for (const table of ['sys_journal', 'sys_invocation', 'sys_deployment', 'sys_service']) {
    const response = await fetch(`${cluster.adminUrls[0]}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...cluster.authorization },
      body: JSON.stringify({ query: `select * from ${table}` }),
    })
    assert.equal(response.status, 200, table)
    places[table] = await response.text()
  }
  return places
}

/** Names of files of the image in which a planted word stands, and the number of files, so that the text is never empty. */
async function filesOfImage(cluster: Cluster): Promise<string> {
  const words = Object.values(cluster.secrets).flatMap((value) => value.match(/planted[0-9a-f]{24}/g) ?? [])
  const search = `grep -rlE '${words.join('|')}' /app /etc /home /root /tmp /usr/local /var 2>/dev/null; find /app -type f | wc -l`
  const image = cluster.env.CLASSIFY_IMAGE ?? ''
  const found = await docker(['run', '--rm', '--user', '0:0', '--entrypoint', 'sh', image, '-c', search])
  assert.match(found, /^\d+\n$/, 'a planted secret stands in the image')
  return found
}
