import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fileStore, type RolloutRecord } from 'cutover/rollout'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../../src/rollout/store/index.js'
import { syncedPaths } from '../../fixtures/syncs.js'
import { directory } from '../../fixtures/system.js'

const RECORD: RolloutRecord = {
  permanent: '1.4.0',
  previous: '1.3.0',
  candidate: '2.0.0-rc.1',
  state: 'stepping',
  since: '2026-01-02T03:04:05.678Z',
}
const IDLE: RolloutRecord = { ...RECORD, candidate: null, state: 'idle' }

/** A path in a new directory; with a file, if there is text. */
function file(text?: string | Uint8Array): string {
  const path = join(directory(), 'rollout.json')
  if (text !== undefined) writeFileSync(path, text)
  return path
}

const fails = (code: string, message: RegExp | string) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe.each([
  ['a file', () => fileStore(file())],
  ['memory', () => memoryStore()],
])('A store in %s', (_, make) => {
  it('has no record at first, and then the last one', async () => {
    const store = make()
    expect(await store.open()).toBeUndefined()
    await store.save(RECORD)
    await Promise.all([store.save(RECORD), store.save(IDLE)])
    await store.close()
    expect(await store.open()).toEqual(IDLE)
    await store.close()
  })
})

describe('The file', () => {
  it('is JSON with a format, and nothing lies beside it once the store is closed', async () => {
    const path = file()
    const store = fileStore(pathToFileURL(path))
    await store.open()
    await store.save(RECORD)
    await store.close()
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ format: 1, ...RECORD })
    expect(readdirSync(join(path, '..'))).toEqual(['rollout.json'])
  })

  it('keeps its mode, and the link that leads to it', async () => {
    const [path, link] = [file(), file()]
    writeFileSync(path, JSON.stringify({ format: 1, ...IDLE }))
    chmodSync(path, 0o640)
    symlinkSync(path, link)
    const store = fileStore(link)
    expect(await store.open()).toEqual(IDLE)
    await store.save(RECORD)
    await store.close()
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ state: 'stepping' })
  })

  it('is written where a link leads, also before there is a file', async () => {
    const [path, link, linkToLink] = [file(), file(), file()]
    symlinkSync(path, link)
    symlinkSync(link, linkToLink)
    const store = fileStore(linkToLink)
    expect(await store.open()).toBeUndefined()
    await expect(fileStore(path).open()).rejects.toMatchObject({ code: 'CUTOVER_STORE_LOCKED' })
    await store.save(RECORD)
    await store.close()
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ format: 1, ...RECORD })
    expect([lstatSync(link).isSymbolicLink(), lstatSync(linkToLink).isSymbolicLink()]).toEqual([true, true])
  })

  it('is for its user alone at first, and its name is on the disk once it is saved', async () => {
    const path = file()
    const store = fileStore(path)
    await store.open()
    const synced = await syncedPaths()
    await store.save(RECORD)
    expect(synced).toEqual([realpathSync(dirname(path))])
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
    await store.close()
  })

  it.each([
    ['', 'is empty'],
    ['{"format":1,', 'is not JSON'],
    ['\0\0\0\0', 'is not JSON'],
    [Uint8Array.of(0x22, 0xff, 0x22), 'is not JSON'],
    ['null', 'holds no JSON object'],
    ['[1]', 'holds no JSON object'],
    ['{}', 'must have the format 1, and has undefined'],
    [{ format: '1' }, 'must have the format 1, and has "1"'],
    [{ format: 2 }, 'has format 2, later than 1'],
    [{ format: 0 }, 'must have the format 1, and has 0'],
    [{ permanent: 'v1.4.0' }, 'must have a SemVer version or null as permanent, and has "v1.4.0"'],
    [{ previous: 7 }, 'must have a SemVer version or null as previous, and has 7'],
    [{ candidate: undefined }, 'must have a SemVer version or null as candidate, and has undefined'],
    [{ candidate: { version: '1.0.0' } }, 'must have a SemVer version or null as candidate, and has an object'],
    [{ state: 'soaked' }, 'has an unknown state "soaked"'],
    [{ state: 'constructor' }, 'has an unknown state "constructor"'],
    [{ since: 1_700_000_000 }, 'must have an ISO 8601 time as since, and has 1700000000'],
    [{ since: 'yesterday' }, 'must have an ISO 8601 time as since, and has "yesterday"'],
    [{ permanant: '1.0.0' }, 'has an unknown field "permanant"'],
    ['x'.repeat(65_537), 'is too large for a record'],
  ])('is refused, says what to do, and stays as it is: %j', async (content, problem) => {
    const isRaw = typeof content === 'string' || content instanceof Uint8Array
    const path = file(isRaw ? content : JSON.stringify({ format: 1, ...RECORD, ...content }))
    const before = readFileSync(path)
    const remedy = problem.includes('later')
      ? 'Use the version of cutover that wrote it.'
      : 'Restore it from a backup, or'
    const error = await fileStore(path)
      .open()
      .catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'CUTOVER_STORE_FAILED' })
    expect((error as Error).message).toContain(`The rollout store ${path} ${problem}. ${remedy}`)
    expect(readFileSync(path).equals(before)).toBe(true)
    // No lock is left.
    expect(readdirSync(join(path, '..'))).toEqual(['rollout.json'])
  })

  it('that is a directory or a pipe is refused', async () => {
    const path = file()
    mkdirSync(path)
    await expect(fileStore(path).open()).rejects.toEqual(
      fails('CUTOVER_STORE_FAILED', /is not a file\. Name another path/),
    )
    const pipe = file()
    execFileSync('mkfifo', [pipe])
    await expect(fileStore(pipe).open()).rejects.toEqual(fails('CUTOVER_STORE_FAILED', /is not a file/))
  })

  it('needs a directory that exists, can be written, and leaves room for the lock', async () => {
    const missing = join(directory(), 'missing/rollout.json')
    await expect(fileStore(missing).open()).rejects.toEqual(
      fails('CUTOVER_STORE_FAILED', /has no directory\. Create .*missing\./),
    )
    const long = join(directory(), 'a'.repeat(90))
    await expect(fileStore(long).open()).rejects.toEqual(
      fails('CUTOVER_STORE_FAILED', /path is too long\. Shorten it by \d+ bytes/),
    )
    // `/proc` is not writable for root, either.
    const readOnly = fileStore('/proc/self/rollout.json')
    await expect(readOnly.open()).rejects.toEqual(
      fails('CUTOVER_STORE_FAILED', /cannot be locked\. Put it into a directory/),
    )
  })

  it.each([undefined, null, 7, '', 'a\0b', {}, new URL('http://localhost/a.json')])(
    'needs a path or a file URL, not %s',
    path => {
      expect(() => fileStore(path as string)).toThrow(
        fails('CUTOVER_INVALID_OPTION', /^Option "path" must be the path or the file URL of a file, got/),
      )
    },
  )
})

describe('A save', () => {
  it('that fails keeps the last record, says why, and hinders no later one', async () => {
    const path = file()
    const store = fileStore(path)
    await store.open()
    await store.save(IDLE)
    const blocked = `${path}.blocked`
    execFileSync('mv', [path, blocked])
    mkdirSync(path)
    await expect(store.save(RECORD)).rejects.toMatchObject({
      ...{ code: 'CUTOVER_STORE_FAILED', message: expect.stringMatching(/cannot be written\. See the cause/) },
      cause: expect.any(Error),
    })
    execFileSync('rmdir', [path])
    execFileSync('mv', [blocked, path])
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ state: 'idle' })
    await store.save(RECORD)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ state: 'stepping' })
    await store.close()
    expect(readdirSync(join(path, '..'))).toEqual(['rollout.json'])
  })

  it('needs an open store', async () => {
    const store = fileStore(file())
    await expect(store.save(IDLE)).rejects.toEqual(fails('CUTOVER_STORE_FAILED', /is not open\. Call open\(\) first/))
    await store.open()
    await store.close()
    await store.close()
    await expect(store.save(IDLE)).rejects.toEqual(fails('CUTOVER_STORE_FAILED', /is not open/))
  })

  it('is finished before close() gives the store back', async () => {
    const path = file()
    const store = fileStore(path)
    await store.open()
    const saved = store.save(IDLE)
    await store.close()
    expect(existsSync(path)).toBe(true)
    await saved
  })
})
