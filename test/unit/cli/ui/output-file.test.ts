/** Tests of the one writer of files that options name: links, pipes, devices, full disks, and what stays of a file that was there. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { keptFile, outputFile } from '../../../../src/cli/ui/option-values.ts'
import { isSameFile, openGrowingOutput, writeOutput } from '../../../../src/cli/ui/output-file.ts'
import { runWithDisk } from '../../../helpers/small-disk.ts'

const MODULE = new URL('../../../../src/cli/ui/output-file.ts', import.meta.url).href
const isRoot = process.getuid?.() === 0
const run = promisify(execFile)

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-output-'))
})
after(() => rm(directory, { recursive: true, force: true }))

const folder = () => mkdtemp(join(directory, 'case-'))
const write = (name: string, text: string, options = {}) =>
  writeOutput(name, (append) => append(text), { option: '--out', ...options })
const modeOf = async (path: string) => (await stat(path)).mode & 0o777
const refused = (message: RegExp) => ({ code: 'input-invalid', message })

describe('a plain file', () => {
  it('appears when it is complete, with the mode that the umask gives, and without anything beside it', async () => {
    const at = await folder()
    const path = join(at, 'new.csv')
    const count = await writeOutput(
      path,
      async (append) => {
        await append('one\n')
        assert.ok(!(await readdir(at)).includes('new.csv'), 'nobody sees half of it')
        await append('two\n')
        return 2
      },
      { option: '--out' },
    )
    assert.equal(count, 2)
    assert.equal(await readFile(path, 'utf8'), 'one\ntwo\n')
    assert.equal(await modeOf(path), 0o666 & ~process.umask())
    assert.deepEqual(await readdir(at), ['new.csv'])
  })

  it('keeps its mode and its owner when it is replaced', async () => {
    const path = join(await folder(), 'old.csv')
    await writeFile(path, 'old')
    await chmod(path, 0o640)
    if (isRoot) await chown(path, 4_242, 4_243)
    await write(path, 'new')
    const { uid, gid } = await stat(path)
    assert.equal(await readFile(path, 'utf8'), 'new')
    assert.equal(await modeOf(path), 0o640)
    if (isRoot) assert.deepEqual([uid, gid], [4_242, 4_243])
  })

  it('stays as it was where the work fails, and no temporary file is left', async () => {
    const at = await folder()
    const path = join(at, 'old.csv')
    await writeFile(path, 'old')
    const failing = writeOutput(
      path,
      async (append) => {
        await append('half')
        throw new Error('the database is away')
      },
      { option: '--out' },
    )
    await assert.rejects(failing, /the database is away/)
    assert.equal(await readFile(path, 'utf8'), 'old')
    assert.deepEqual(await readdir(at), ['old.csv'])
  })

  it('is refused where it must be new, also where it appears while the output is written', async () => {
    const at = await folder()
    const path = join(at, 'decisions.csv')
    await writeFile(path, 'decided')
    const exists = refused(/^--out \S+decisions\.csv exists already: name a new file/)
    await assert.rejects(write(path, 'new', { mustBeNew: true }), exists)
    const late = join(at, 'late.csv')
    const writing = writeOutput(late, () => writeFile(late, 'decided'), { option: '--out', mustBeNew: true })
    await assert.rejects(writing, { code: 'input-invalid', message: /late\.csv exists already/ })
    assert.equal(await readFile(late, 'utf8'), 'decided')
    assert.deepEqual((await readdir(at)).sort(), ['decisions.csv', 'late.csv'])
  })

  it('is known by its links', async () => {
    const at = await folder()
    const [one, other, third] = [join(at, 'one'), join(at, 'other'), join(at, 'third')]
    await writeFile(one, '')
    await symlink(one, other)
    await link(one, third)
    assert.deepEqual(
      [await isSameFile(one, other), await isSameFile(one, third), await isSameFile(one, join(at, 'none'))],
      [true, true, false],
    )
    assert.equal(await isSameFile('/dev/null', '/dev/null'), false)
  })
})

describe('a link', () => {
  it('is followed to its file, which is replaced, and stays a link', async () => {
    const at = await folder()
    await mkdir(join(at, 'below'))
    await writeFile(join(at, 'below', 'real.csv'), 'old')
    await chmod(join(at, 'below', 'real.csv'), 0o600)
    await symlink('below/real.csv', join(at, 'middle'))
    await symlink(join(at, 'middle'), join(at, 'first.csv'))
    await write(join(at, 'first.csv'), 'new')
    assert.equal(await readFile(join(at, 'below', 'real.csv'), 'utf8'), 'new')
    assert.equal(await modeOf(join(at, 'below', 'real.csv')), 0o600)
    assert.equal(await readlink(join(at, 'middle')), 'below/real.csv')
    assert.ok((await lstat(join(at, 'first.csv'))).isSymbolicLink())
  })

  it('to a file that is not there makes the file', async () => {
    const at = await folder()
    await mkdir(join(at, 'below'))
    await symlink('below/new.csv', join(at, 'link'))
    await write(join(at, 'link'), 'new')
    assert.equal(await readFile(join(at, 'below', 'new.csv'), 'utf8'), 'new')
    assert.ok((await lstat(join(at, 'link'))).isSymbolicLink())
  })

  it('that leads in a circle or into a folder that is missing is refused in words', async () => {
    const at = await folder()
    await symlink('b', join(at, 'a'))
    await symlink('a', join(at, 'b'))
    await assert.rejects(write(join(at, 'a'), 'x'), refused(/its links lead round in a circle/))
    await symlink('none/file', join(at, 'c'))
    await assert.rejects(write(join(at, 'c'), 'x'), refused(/the folder \S+none does not exist: make it/))
  })

  it('of another user in a shared folder is refused, as the system does', {
    skip: isRoot ? false : 'needs root',
  }, async () => {
    const at = await folder()
    await chmod(at, 0o1777)
    await writeFile(join(directory, 'precious'), 'old')
    await symlink(join(directory, 'precious'), join(at, 'out.csv'))
    await run('chown', ['-h', '4242', join(at, 'out.csv')])
    await assert.rejects(write(join(at, 'out.csv'), 'new'), refused(/it is a link of another user in a shared folder/))
    assert.equal(await readFile(join(directory, 'precious'), 'utf8'), 'old')
  })

  it('at the name of a temporary file of earlier releases is not followed', async () => {
    const at = await folder()
    await writeFile(join(at, 'precious'), 'old')
    await symlink(join(at, 'precious'), join(at, `out.csv.partial-${process.pid}`))
    await write(join(at, 'out.csv'), 'new')
    assert.equal(await readFile(join(at, 'precious'), 'utf8'), 'old')
    assert.ok((await lstat(join(at, `out.csv.partial-${process.pid}`))).isSymbolicLink())
  })
})

describe('what is no plain file', () => {
  it('a pipe with a name is written into, once something reads it, and stays a pipe', async () => {
    const path = join(await folder(), 'pipe')
    await run('mkfifo', [path])
    const text = 'a line of the output\n'.repeat(20_000)
    const writing = write(path, text)
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let read = ''
    for await (const part of reader.stdout.setEncoding('utf8')) read += part
    await writing
    assert.equal(read, text)
    assert.ok((await lstat(path)).isFIFO())
  })

  it('a pipe whose reader goes away ends the output quietly', async () => {
    const path = join(await folder(), 'pipe')
    await run('mkfifo', [path])
    const writing = writeOutput(
      path,
      async (append) => {
        for (let part = 0; part < 1_000; part += 1) await append('x'.repeat(10_000))
        return 'all'
      },
      { option: '--out' },
    )
    spawn('head', ['-c', '10', path], { stdio: 'ignore' })
    assert.equal(await writing, undefined)
  })

  it('a pipe that nobody reads is waited for until the user interrupts', async () => {
    const path = join(await folder(), 'pipe')
    await run('mkfifo', [path])
    const stop = new AbortController()
    const writing = write(path, 'x', { signal: stop.signal })
    stop.abort(new Error('interrupted'))
    await assert.rejects(writing, /interrupted/)
  })

  it('a device takes the text and stays a device', async () => {
    const at = await folder()
    await symlink('/dev/null', join(at, 'null'))
    await write(join(at, 'null'), 'x')
    await write('/dev/null', 'x')
    assert.ok((await lstat('/dev/null')).isCharacterDevice())
    assert.deepEqual(await readdir(at), ['null'])
    await assert.rejects(write('/dev/full', 'x'), refused(/there is no room left in \/dev: make room.*\(ENOSPC\)/))
    assert.ok((await lstat('/dev/full')).isCharacterDevice())
  })

  it('folders, names that end in a slash and sockets are refused in words', async () => {
    const at = await folder()
    await assert.rejects(write(at, 'x'), refused(/it is a folder: name a file in it/))
    await assert.rejects(write(`${join(at, 'none')}/`, 'x'), refused(/it names a folder: name a file in it/))
    await assert.rejects(write('/dev/fd/999', 'x'), refused(/it names no open file of this command/))
    await assert.rejects(
      write(join(at, 'none', 'x'), 'x'),
      refused(/the folder \S+none does not exist: make it \(mkdir -p\)/),
    )
    await writeFile(join(at, 'file'), '')
    await assert.rejects(
      write(join(at, 'file', 'x'), 'x'),
      refused(/\S+file is no folder: name a file in another folder/),
    )
  })

  it('standard output by any of its names gets the text', async () => {
    for (const name of ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']) {
      const program = `
        import { writeOutput } from ${JSON.stringify(MODULE)}
        const count = await writeOutput(${JSON.stringify(name)}, async (append) => { await append('text'); return 4 }, { option: '--out' })
        process.stderr.write(String(count))`
      const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program])
      assert.deepEqual([stdout, stderr], ['text', '4'], name)
    }
  })

  it('a file that the shell has opened is written through, at its end', async () => {
    const path = join(await folder(), 'opened')
    const program = `import { writeOutput } from ${JSON.stringify(MODULE)}
      await writeOutput('/dev/fd/3', (append) => append('text\\n'), { option: '--out' })`
    await run('sh', [
      '-c',
      '{ echo first >&3; "$0" --input-type=module -e "$1"; } 3>"$2"',
      process.execPath,
      program,
      path,
    ])
    assert.equal(await readFile(path, 'utf8'), 'first\ntext\n')
  })
})

describe('a disk', () => {
  /** Replaces the file out.csv of 8 kB by a larger one, and prints what is there afterwards. */
  const program = `
    import { readFile, readdir } from 'node:fs/promises'
    import { writeOutput, openGrowingOutput } from ${JSON.stringify(MODULE)}
    const said = await writeOutput('out.csv', (append) => append('n'.repeat(100_000)), { option: '--out' }).catch(({ message }) => message)
    const grown = await openGrowingOutput('grown.jsonl', { option: '--record' }).catch(({ message }) => message)
    const lines = []
    if (typeof grown !== 'string') {
      for (const line of ['one\\n', 'n'.repeat(100_000)]) lines.push(await grown.append(line).catch(({ message }) => message))
      await grown.close()
    }
    const files = await readdir('.')
    const old = await readFile('out.csv', 'utf8')
    const kept = await readFile('grown.jsonl', 'utf8').catch(() => null)
    console.log(JSON.stringify({ said, grown: typeof grown === 'string' ? grown : null, lines, files, old: old.length, kept }))`
  const command = [process.execPath, '--input-type=module', '-e', program]

  it('that is full leaves the old file, the whole lines and no temporary file', async () => {
    const at = await folder()
    const prepare = 'head -c 8000 /dev/zero > out.csv'
    const { code, stdout, stderr } = await runWithDisk(command, { at, options: 'size=64k', prepare, cwd: at })
    assert.equal(code, 0, stderr)
    const { said, lines, files, old, kept } = JSON.parse(stdout)
    assert.match(
      said,
      /^--out out\.csv cannot be written: there is no room left in \S+: make room, or name a file on another disk \(ENOSPC\)$/,
    )
    assert.deepEqual([files.sort(), old, kept], [['grown.jsonl', 'out.csv'], 8_000, 'one\n'])
    assert.deepEqual(lines[0], null)
    assert.match(lines[1], /^--record grown\.jsonl cannot be written: there is no room left/)
  })

  it('that is read-only is named, and the old file stays', async () => {
    const at = await folder()
    const prepare = 'head -c 8000 /dev/zero > out.csv && mount -o remount,ro .'
    const { code, stdout, stderr } = await runWithDisk(command, { at, options: 'size=64k', prepare, cwd: at })
    assert.equal(code, 0, stderr)
    const { said, grown, files, old } = JSON.parse(stdout)
    assert.match(
      said,
      /^--out out\.csv cannot be written: the folder \S+ is read-only: name a file in another folder \(EROFS\)$/,
    )
    assert.match(grown, /^--record grown\.jsonl cannot be written: the folder \S+ is read-only/)
    assert.deepEqual([files, old], [['out.csv'], 8_000])
  })

  it('that may not be written by this user is named, and a file without write permission stays', async () => {
    const at = await folder()
    await chmod(directory, 0o755)
    await chmod(at, 0o755)
    await mkdir(join(at, 'closed'), { mode: 0o555 })
    await writeFile(join(at, 'closed', 'out.csv'), 'old')
    await chmod(join(at, 'closed', 'out.csv'), 0o444)
    const attempt = `import { writeOutput } from ${JSON.stringify(MODULE)}
      for (const name of process.argv.slice(1))
        console.log(await writeOutput(name, (append) => append('new'), { option: '--out' }).catch(({ message }) => message))`
    const { stdout } = await run(
      process.execPath,
      ['--input-type=module', '-e', attempt, join(at, 'closed', 'new.csv'), join(at, 'closed', 'out.csv')],
      isRoot ? { uid: 65_534, gid: 65_534 } : {},
    )
    const [made, replaced] = stdout.split('\n')
    assert.match(
      made ?? '',
      /new\.csv cannot be written: this user may not write there: name a file in a folder of your own \(EACCES\)$/,
    )
    assert.match(replaced ?? '', /out\.csv cannot be written: it may not be written by this user: name another file/)
    assert.equal(await readFile(join(at, 'closed', 'out.csv'), 'utf8'), 'old')
  })
})

it('a growing output must be new, and goes through a device as any other', async () => {
  const path = join(await folder(), 'there.jsonl')
  await writeFile(path, 'paid answers')
  await assert.rejects(
    openGrowingOutput(path, { option: '--record' }),
    refused(/there\.jsonl exists already: name a new file/),
  )
  const nothing = await openGrowingOutput('/dev/null', { option: '--record' })
  await nothing.append('x')
  await nothing.close()
})

it('a name that looks like an option is refused, and ./-x is not', () => {
  assert.deepEqual(['./-x', 'a-b', '-', '/dev/stdout'].map(outputFile), ['./-x', 'a-b', '-', '-'])
  assert.throws(() => outputFile('-x'), /looks like an option: write \.\/-x/)
  assert.throws(() => outputFile('--json'), /looks like an option/)
  assert.throws(() => outputFile(''), /must be the name of a file/)
  assert.equal(keptFile('a.jsonl'), 'a.jsonl')
  assert.throws(() => keptFile('/dev/stdout'), /cannot be standard output/)
})
