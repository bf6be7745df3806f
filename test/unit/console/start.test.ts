/** A run that is started in the console: nothing that was changed is lost, and no fault is a dead end. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import type { Classification } from '../../../src/classification/types.ts'
import type { CommandResult } from '../../../src/console/commands.ts'
import { createUploads, type Uploads } from '../../../src/console/uploads.ts'
import type { Store } from '../../../src/store/types.ts'
import { emptyStore, startTestConsole, type TestConsole } from '../../helpers/servers/console.ts'
import { waitUntil } from '../../helpers/wait.ts'

const REPORT = {
  ...{ format: 'csv', encoding: 'utf-8', layout: 'long', records: 2 },
  columns: ['Code', 'Titel', 'Extra', '<b>'],
  mapping: { indicator_id: 'Code', name: 'Titel' },
  unused: [
    { column: '<b>', guess: null },
    { column: 'Extra', guess: 'description' },
  ],
  problems: ['column "Extra" is not used; it may be description: --map description="Extra"'],
  sample: [{ indicator_id: 'A', name: 'a' }],
  estimate: { model: 'gpt-6-luna', model_requests: 1, cost_usd: 0.001 },
}
const ok = (body: unknown): CommandResult => ({ code: 0, stdout: JSON.stringify(body), stderr: '' })
const failed = (...lines: string[]): CommandResult => ({ code: 2, stdout: '', stderr: lines.join('\n') })

let directory: string
let uploads: Uploads
let console: TestConsole
let id: string
/** What the commands answer, which each test sets, and how they were called. */
let inspect: () => CommandResult
let classify: (args: readonly string[]) => CommandResult
let calls: (readonly string[])[]
/** The results that people decided. */
let decided = 0
const model = 'gpt-6-luna'

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'console-start-'))
  uploads = createUploads(directory)
  const store = emptyStore()
  const views = {
    ...store.views,
    search: async () => ({ results: [], next: undefined, found: decided, isMore: false }),
  }
  console = await startTestConsole({
    store: { ...store, views } as Store,
    uploads,
    commands: {
      run: async (args) => {
        calls.push(args)
        return args[0] === 'inspect' ? inspect() : classify(args)
      },
    },
    ingress: { ask: async (_handler, _body, schema) => schema.parse({ model }) },
  })
})
after(async () => {
  await console.close()
  await rm(directory, { recursive: true, force: true })
})

async function drop(name = 'made up.csv'): Promise<void> {
  calls = []
  inspect = () => ok(REPORT)
  classify = () => ok({ run_id: 'run-1' })
  id = (await uploads.save(name, Readable.from(['Code,Titel\nA,a\n']))).id
}

/** The page after its file was read. */
async function read(query = ''): Promise<string> {
  let body = ''
  await waitUntil('the file is read', async () => {
    body = (await console.get(`/start/${id}${query}`)).body
    return !body.includes('The file is being read')
  })
  return body
}

/** What the form of the page sends: every control with its value, and what a person changed. */
function formOf(body: string, changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  const form: Record<string, string> = {}
  for (const [tag, name = ''] of body.matchAll(/<input[^>]* name="([^"]+)"[^>]*>/g)) {
    if (/type="(?:checkbox|file)"/.test(tag)) continue
    form[name] = (/ value="([^"]*)"/.exec(tag)?.[1] ?? '').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
  }
  for (const [, name = '', options = ''] of body.matchAll(/<select[^>]* name="([^"]+)"[^>]*>(.*?)<\/select>/gs))
    form[name] =
      /<option selected value="([^"]*)"|<option value="([^"]*)" selected/.exec(options)?.slice(1).find(Boolean) ?? ''
  return { ...form, mode: 'hybrid', ...changes }
}

const send = (form: Readonly<Record<string, string>>) => console.post(`/start/${id}`, form)
const locationOf = ({ headers }: { headers: Record<string, unknown> }) => String(headers['location'])

describe('the start of a run', () => {
  it('goes by the mapping that was read, with what was typed', async () => {
    await drop()
    const answer = await send(formOf(await read('?map.name=Extra'), { catalogue: 'mine', max_cost: '0,003' }))
    assert.equal(locationOf(answer), '/runs/run-1')
    const args = calls.findLast(([command]) => command === 'classify') ?? []
    assert.ok(args.includes('--catalogue=mine'))
    assert.equal(args[args.indexOf('--max-cost') + 1], '0.003')
    const mapping = JSON.parse(await readFile(args[args.indexOf('--mapping') + 1] ?? '', 'utf8')) as unknown
    assert.deepEqual(mapping, { map: { name: ['Extra'] } })
  })

  it('is put off where the mapping was changed since it was read, and loses nothing of what was typed', async () => {
    for (const changes of [
      { 'map.name': 'Extra' },
      { 'map.name': '\u0001' },
      { encoding: 'latin1' },
      { layout: 'wide' },
    ]) {
      await drop()
      const typed = { ...changes, catalogue: 'mine', max_cost: '2.50', skip_invalid: '1', mode: 'model' }
      const answer = await send(formOf(await read(), typed))
      assert.equal(answer.status, 303)
      assert.ok(locationOf(answer).startsWith(`/start/${id}?`))
      assert.ok(
        calls.every(([command]) => command !== 'classify'),
        JSON.stringify(changes),
      )
      const query = new URLSearchParams(locationOf(answer).split('?')[1])
      for (const [name, value] of Object.entries(typed)) assert.equal(query.get(name), value, name)
      const page = await read(`?${query}`)
      assert.match(page, /Nothing was started yet: the mapping was changed/)
      // The same once more is what has been seen now.
      assert.equal(locationOf(await send(formOf(page))), '/runs/run-1')
    }
  })

  it('only reads again by the button that says so, also where the mapping is as it was', async () => {
    await drop()
    const answer = await send(formOf(await read(), { again: '1', catalogue: 'mine' }))
    assert.equal(locationOf(answer), `/start/${id}?catalogue=mine&codebook=economic-indicators&mode=hybrid`)
    assert.ok(calls.every(([command]) => command !== 'classify'))
  })

  it('that fails names the controls of the page and the name of the file, and leads back with all that was typed', async () => {
    await drop()
    const { folder, path } = (await uploads.find(id)) ?? { folder: '', path: '' }
    classify = () =>
      failed(
        `${path}: 1 problem; nothing was sent. Correct the file and run again.`,
        '  line 2, field name: is missing',
        'To leave out the records that cannot be read, and use the others: --skip-invalid',
      )
    const { status, body } = await send(formOf(await read('?map.name=Extra'), { catalogue: 'mine' }))
    assert.equal(status, 400)
    assert.match(
      body,
      /tick &quot;Leave out records that cannot be read&quot;|tick "Leave out records that cannot be read"/,
    )
    assert.doesNotMatch(body, /--skip-invalid/)
    assert.ok(!body.includes(folder), 'no path of the server')
    assert.match(body, new RegExp(`href="/start/${id}\\?map\\.name=Extra&amp;catalogue=mine`))
    for (const max of ['much', '1,000']) {
      const wrong = await send(formOf(await read('?map.name=Extra'), { max_cost: max }))
      assert.match(wrong.body, /May cost at most: must be a number of US dollars/)
      assert.match(wrong.body, /Back to the mapping and the start/)
    }
  })
})

describe('the sample', () => {
  it('is a file like any other for who has none at hand', async () => {
    await drop()
    assert.match((await console.get('/start')).body, /action="\/start\/sample"/)
    const { status, headers } = await console.post('/start/sample', {})
    assert.equal(status, 303)
    const taken = await uploads.find(String(headers['location']).split('/').at(-1) ?? '')
    assert.equal(taken?.name, 'sample.jsonl')
    assert.match(await readFile(taken.path, 'utf8'), /^\{"indicator_id":/)
  })
})

describe('a fault of a form', () => {
  it('leads back to the page of the form, and to no page of another host', async () => {
    const post = (referer: string) => console.post('/cluster/budget', { rpm: 'much' }, { ...console.signedIn, referer })
    const { status, body } = await post('http://127.0.0.1:8090/cluster?x=1')
    assert.equal(status, 400)
    assert.match(body, /Requests a minute: must be a whole number/)
    assert.match(body, /href="\/cluster\?x=1">Back to the form</)
    for (const foreign of [
      'https://evil.example/cluster',
      'javascript:alert(1)',
      'no address',
      'http://127.0.0.1:8090@evil.example/',
    ])
      assert.doesNotMatch((await post(foreign)).body, /Back to the form|evil|javascript:/, foreign)
    assert.match((await console.get('/runs/none')).body, /href="\/runs">To the runs</)
  })
})

describe('a run that cannot be resumed', () => {
  it('says so without paths of the server, and leads back to the run', async () => {
    await drop()
    const { path } = (await uploads.find(id)) ?? { path: '' }
    classify = () => failed(`${path.replace(directory, '/data/console/uploads')} has changed since the run began`)
    const { status, body } = await console.post('/runs/run-1/resume', { max_cost: '2,5' })
    assert.equal(status, 400)
    assert.match(body, /<p>made up\.csv has changed since the run began<\/p>/)
    assert.match(body, /href="\/runs\/run-1">Back to the run</)
    assert.equal(calls.at(-1)?.at(-1), '2.5')
  })
})

describe('the page of a file', () => {
  it('lists the columns that are not used, with what each may be, those first', async () => {
    await drop()
    const body = await read()
    const list = /Columns that are not used.*?<ul>(.*?)<\/ul>/s.exec(body)?.[1] ?? ''
    assert.match(
      list,
      /^<li><bdi>Extra<\/bdi> <span class="dim">may be description<\/span><\/li><li><bdi>&lt;b><\/bdi><\/li>/,
    )
    assert.doesNotMatch(body, /To look at/)
  })

  it('lets name columns where none could be read, and choose them where the file alone can be read', async () => {
    await drop()
    inspect = () => failed('made up.csv: no column name. Say which columns they are: --map name=COLUMN')
    const body = await read()
    assert.match(body, /<input[^>]*id="map-name"[^>]*>/)
    assert.match(body, /Say below which columns they are: name/)
    assert.doesNotMatch(body, /The file cannot be read like this.*--map/s)
    await drop()
    await read()
    inspect = () => failed('made up.csv: name is read from nothing')
    const wrong = await read('?map.name=Extra')
    assert.match(wrong, /<select[^>]*id="map-name"[^>]*>/)
    assert.match(wrong, /<option selected value="Extra"|<option value="Extra" selected/)
  })

  it('says how many records that people decided have changed, and asks again where another catalogue has decisions', async () => {
    await drop()
    decided = 3
    classify = (args) =>
      args.includes('--estimate') ? ok({ warnings: [{ code: 'changed-decision', count: 2 }] }) : ok({ run_id: 'run-1' })
    let body = ''
    await waitUntil('the number is known', async () => {
      body = (await console.get(`/start/${id}`)).body
      return body.includes('people decided')
    })
    assert.match(body, /2 records that people decided have changed since and will be asked again/)
    const other = await send(formOf(body, { catalogue: 'other' }))
    assert.match(locationOf(other), /catalogue=other.*changed=catalogue/)
    assert.ok(calls.every((args) => args.includes('--estimate') || args[0] === 'inspect'))
    assert.equal(locationOf(await send(formOf(body))), '/runs/run-1')
    decided = 0
    await drop('without decisions.csv')
    assert.equal(locationOf(await send(formOf(await read(), { catalogue: 'other' }))), '/runs/run-1')
    assert.ok(
      calls.every((args) => !args.includes('--estimate')),
      'no dry run without decisions',
    )
  })

  it('lets a waiting file be removed, and keeps one that a run reads', async () => {
    await drop()
    assert.match((await console.get('/start')).body, new RegExp(`/start/${id}/remove`))
    assert.equal(locationOf(await console.post(`/start/${id}/remove`, {})), '/start')
    assert.equal(await uploads.find(id), undefined)
    await drop()
    await send(formOf(await read()))
    const { status, body } = await console.post(`/start/${id}/remove`, {})
    assert.equal(status, 400)
    assert.match(body, /run-1/)
    assert.ok((await uploads.find(id)) !== undefined)
  })
})

describe('the offline model', () => {
  it('is named before a run, and where it answered', async () => {
    const offline = await startTestConsole({
      ingress: { ask: async (_handler, _body, schema) => schema.parse({ model: 'offline-rules' }) },
    })
    assert.match((await offline.get('/start')).body, /The offline model answers here.*gpt-6-luna would cost/)
    await offline.close()
    assert.doesNotMatch((await console.get('/start')).body, /offline model/i)
  })

  it('is said to have answered a run by the models of its requests', async () => {
    const { offlineOf } = await import('../../../src/console/views/offline-model.ts')
    assert.match(offlineOf(['offline-rules']), /Offline model/)
    for (const models of [[], ['gpt-6-luna'], ['offline-gold']]) assert.equal(offlineOf(models), '')
  })
})

describe('results as a file', () => {
  const row = {
    ...{ indicator_id: '=1+1', name: '@SUM(A1)', catalogue: 'mine', labels: {}, confidence: 1, source: 'person' },
    ...{
      status: 'accepted',
      issues: [],
      reason: '',
      model: null,
      codebook: 'economic-indicators@1',
      prompt_version: '1',
    },
    ...{ run_id: 'run-1', classified_at: '2026-11-29T00:00:00.000Z', field_confidence: {}, field_source: {} },
  } as unknown as Classification

  it('are streamed page by page, of a catalogue or a run, and run as no formula', async () => {
    const asked: object[] = []
    const store = {
      ...emptyStore(),
      findRun: async (run: string) => (run === 'run-1' ? { runId: run } : undefined),
      exportClassifications: async function* (options: object) {
        asked.push(options)
        yield [row]
        yield [row, row]
      },
    } as unknown as Store
    const own = await startTestConsole({ store })
    const { status, body, headers } = await own.get('/results/download?catalogue=mine')
    assert.equal(status, 200)
    assert.match(String(headers['content-disposition']), /^attachment; filename="mine\.csv"$/)
    const lines = body.trimEnd().split('\n')
    assert.equal(lines.length, 4)
    assert.match(lines[0] ?? '', /^indicator_id,name,/)
    for (const line of lines.slice(1)) assert.match(line, /^'=1\+1,'@SUM\(A1\),/)
    await own.get('/results/download?run=run-1')
    assert.deepEqual(asked, [
      { codebook: 'economic-indicators', catalogue: 'mine' },
      { codebook: 'economic-indicators', runId: 'run-1' },
    ])
    assert.equal((await own.get('/results/download?run=none')).status, 404)
    assert.equal((await own.get('/results/download', { host: '127.0.0.1:8090' })).status, 401)
    await own.close()
  })
})
