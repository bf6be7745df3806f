/** Values of options: what the parsers accept, and what a refusal says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { duration, httpUrls, inputFile, namedFile, share } from '../../../../src/cli/ui/option-values.ts'
import { runCli } from '../../../helpers/cli/cli.ts'

test('addresses lose the slashes at their end and the blanks around them', () => {
  assert.deepEqual(httpUrls('http://a:8080/, https://b/x//'), ['http://a:8080', 'https://b/x'])
  assert.deepEqual(httpUrls('http://a/x@y'), ['http://a/x@y'])
  for (const text of ['localhost:8080', 'http://a,', 'ftp://a', '']) {
    assert.throws(() => httpUrls(text), InvalidArgumentError)
  }
})

test('--ingress and --admin refuse a URL with a password, and the message does not print it', async () => {
  const values = [
    'http://user:hidden@host:8080',
    'http://user:hid/hidden@host',
    'user:hidden@host:8080',
    'http://a:1,http://user:hidden@b',
    'http://hidden@host',
  ]
  for (const value of values) {
    assert.throws(() => httpUrls(value), { code: 'input-invalid' }, value)
  }
  for (const args of [
    ['status', 'X', '--ingress', values[0] ?? ''],
    ['queue', '--admin', values[1] ?? ''],
    ['kill', 'run-1', '--admin', values[3] ?? ''],
    ['classify', 'x.csv', '--ingress', values[4] ?? ''],
  ]) {
    const { code, stdout, stderr } = await runCli(args)
    assert.equal(code, 2, stderr)
    assert.match(stderr, /no user name or password/)
    assert.doesNotMatch(stdout + stderr, /hidden/)
  }
})

test('durations are milliseconds, at most a week', () => {
  const cases = { '500ms': 500, '30s': 30_000, '10m': 600_000, '1h': 3_600_000, '168h': 604_800_000, '7': 7, '0': 0 }
  for (const [text, ms] of Object.entries(cases)) assert.equal(duration(text), ms, text)
  for (const text of ['', 's', '-1s', '1.5m', '10 m', '1d', '169h', '1e3', 'ten', '99999999999999999999']) {
    assert.throws(() => duration(text), InvalidArgumentError, text)
  }
})

test('a share is a number between its bounds, and never a percentage', () => {
  const parse = share(0.5, 0.999)
  for (const [text, value] of [
    ['0.97', 0.97],
    ['.5', 0.5],
    [' 0.999 ', 0.999],
  ] as const)
    assert.equal(parse(text), value)
  for (const text of ['', '97', '97%', '0.4', '1', '1.0', '0.9999', '-0.9', '9e-1', '0,97', 'x'])
    assert.throws(() => parse(text), InvalidArgumentError, text)
})

test('a file that is read has a name, which is no option, and standard input only where it is read', async () => {
  for (const name of ['a.csv', './-x', '/dev/stdin']) assert.deepEqual([inputFile(name), namedFile(name)], [name, name])
  assert.equal(inputFile('-'), '-')
  for (const name of ['', '--json', '-x']) assert.throws(() => inputFile(name), InvalidArgumentError, name)
  for (const name of ['', '-', '--json']) assert.throws(() => namedFile(name), InvalidArgumentError, name)
  for (const [args, said] of [
    [['certify', '--run', 'r', '--labels', ''], /'--labels <file>' argument '' is invalid.*or - for standard input/],
    [
      ['certify', '--run', 'r', '--adjudicate', '--json'],
      /'--adjudicate <file>'.*looks like an option: write \.\/--json/,
    ],
    [['certify', '--check', ''], /'--check <file>' argument '' is invalid/],
    [['codebook', 'check', 'economic-indicators', '--gold', '-'], /'--gold <file>'.*Standard input is not read here/],
    [['eval', '-'], /'gold'.*Standard input is not read here: name a file/],
    [['eval', '--mode', 'model', '--replay', '-'], /'--replay <file>'.*Standard input is not read here/],
    [['eval', '.'], /^The gold file \.: is a directory; name one file in it \(EISDIR\)$/m],
    [['status', ' '], /^The id is empty: name an indicator or a run$/m],
    [['review', 'apply', ''], /'file'.*It must be the name of a file/],
    [['review', 'apply', 'none.csv'], /^none\.csv: there is no such file; check the name and the folder \(ENOENT\)$/m],
  ] as const) {
    const { code, stdout, stderr } = await runCli(args)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    assert.match(stderr, said)
  }
})
