import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { RolloutRecord } from 'cutover/rollout'
import { beforeEach, describe, expect, it } from 'vitest'
import { shortHash } from '../../src/serve/state/releaseName.js'
import { ReleaseStore } from '../../src/serve/state/releaseStore.js'
import { Releases } from '../../src/serve/state/releases.js'
import { makeStateFolder, type StateFolder, stateFolder } from '../../src/serve/state/stateFolder.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { syncedPaths } from '../fixtures/syncs.js'
import { directory } from '../fixtures/system.js'

let base: string
let folder: StateFolder
let releases: Releases
const filesOf = (version: string) =>
  readdirSync(join(folder.releases, version, 'files'), { recursive: true, encoding: 'utf8' }).sort()

beforeEach(async () => {
  base = directory()
  folder = stateFolder(join(base, 'app', 'state'))
  await makeStateFolder(folder)
  releases = new Releases(folder)
  await releases.clean()
})

function write(path: string, text = ''): string {
  const file = join(base, 'app', path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

describe('A release', () => {
  it('of a file without a package is that file alone', async () => {
    const { version, files, entry } = await releases.add(write('app.mjs', 'export const fetch = 1'))
    expect(version).toMatch(/^0\.0\.0-\d{14}\.[0-9a-f]{6}$/)
    expect([files, entry, filesOf(version)]).toEqual([1, 'app.mjs', ['app.mjs']])
  })

  it('of a file in a package is the package, without .git, the state folder and links that lead out', async () => {
    write('package.json', '{ "version": "1.4.0-beta.2+build" }')
    write('.git/config')
    write('node_modules/inside/index.js')
    symlinkSync('/etc', join(base, 'app', 'node_modules', 'absolute'))
    symlinkSync('../..', join(base, 'app', 'node_modules', 'out'))
    symlinkSync('inside', join(base, 'app', 'node_modules', 'link'))
    const { version, leftOut, entry } = await releases.add(write('src/app.mjs'))
    expect(version).toMatch(/^1\.4\.0-beta\.2\.\d{14}\.[0-9a-f]{6}$/)
    expect(leftOut.toSorted()).toEqual(['node_modules/absolute', 'node_modules/out'])
    expect(entry).toBe('src/app.mjs')
    expect(filesOf(version)).toEqual([
      'node_modules',
      'node_modules/inside',
      'node_modules/inside/index.js',
      'node_modules/link',
      'node_modules/link/index.js',
      'package.json',
      'src',
      'src/app.mjs',
    ])
    expect(releases.moduleOf(await releases.find(version)).pathname).toContain(`${version}/files/src/app.mjs`)
  })

  it('of a folder runs the main of its package', async () => {
    write('package.json', '{ "main": "lib/main.js" }')
    write('lib/main.js')
    expect(await releases.add(join(base, 'app'))).toMatchObject({ entry: 'lib/main.js' })
    write('package.json', '{}')
    write('index.js')
    expect(await releases.add(join(base, 'app'))).toMatchObject({ entry: 'index.js' })
  })

  it('is named by what it contains, and by a time of its own', async () => {
    const file = write('app.mjs', 'one')
    const [one, same] = [await releases.add(file), await releases.add(file)]
    write('app.mjs', 'two')
    const other = await releases.add(file)
    const hashOf = ({ version }: { readonly version: string }) => version.split('.').at(-1)
    expect([hashOf(same), hashOf(other) === hashOf(one)]).toEqual([hashOf(one), false])
    expect(await releases.list()).toEqual([one.version, same.version, other.version])
    const again = new Releases(folder)
    await again.clean()
    expect((await again.add(file)).version).not.toBe(other.version)
  })

  it('has a name that SemVer takes, whatever its hash', () => {
    expect(['3f9ab1cc', '12345678', '0123456a', '01ab5678'].map(shortHash)).toEqual([
      '3f9ab1',
      '123456',
      '0123456a',
      '01ab56',
    ])
  })

  it('that cannot be copied leaves nothing, and says why', async () => {
    const file = write('app.mjs')
    write('package.json', '{ "version": "1.x" }')
    expect(await rejectionOf(releases.add(file))).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/is wrong/),
    })
    write('package.json', 'no JSON')
    expect(await rejectionOf(releases.add(file))).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/cannot be read/),
    })
    expect(await rejectionOf(releases.add(`${file}x`))).toMatchObject({
      message: expect.stringMatching(/There is no application at/),
    })
    expect(await rejectionOf(releases.add(base))).toMatchObject({
      message: expect.stringMatching(/has no package.json/),
    })
    expect(readdirSync(folder.releases)).toEqual([])
  })
})

describe('The releases', () => {
  it('that are old leave, but for those that are needed', async () => {
    const file = write('app.mjs')
    const versions: string[] = []
    for (let n = 0; n < 5; n++) versions.push((await releases.add(file)).version)
    await releases.prune([versions[0] ?? '', null])
    expect(await releases.list()).toEqual([versions[0], ...versions.slice(2)])
  })

  it('that a crash has left half-copied leave', async () => {
    mkdirSync(join(folder.releases, '.partial-1-1'))
    await releases.clean()
    expect(readdirSync(folder.releases)).toEqual([])
  })

  it('that somebody has removed are named', async () => {
    expect(await rejectionOf(releases.find('1.0.0'))).toMatchObject({
      message: expect.stringMatching(/The release of version 1\.0\.0 is gone/),
    })
  })

  it('are for their user alone', async () => {
    const { version } = await releases.add(write('app.mjs'))
    const modeOf = (path: string) => (statSync(join(folder.releases, path)).mode & 0o777).toString(8)
    expect([modeOf(''), modeOf(version), modeOf(`${version}/files/app.mjs`)]).toEqual(['700', '700', '600'])
    expect(JSON.parse(readFileSync(join(folder.releases, version, 'release.json'), 'utf8'))).toMatchObject({ version })
  })

  it('are on the disk, with all files and folders, before the record names them', async () => {
    const file = write('lib/app.mjs')
    write('package.json', '{"version":"1.0.0"}')
    const store = new ReleaseStore(folder.store, releases, () => {})
    await store.open()
    const { version } = await releases.add(file)
    const synced = await syncedPaths()
    const record: RolloutRecord = {
      permanent: null,
      previous: null,
      candidate: version,
      state: 'preparing',
      since: new Date(0).toISOString(),
    }
    await store.save(record)
    expect(synced).toEqual([folder.path])
    await store.save({ ...record, permanent: version })
    const places = synced.slice(1).map(path => relative(folder.releases, path).replace(version, 'release'))
    const parts = ['', '/files', '/files/lib', '/files/lib/app.mjs', '/files/package.json', '/release.json']
    expect(places.slice(0, -2).sort()).toEqual(parts.map(part => `release${part}`))
    // The names of the releases, and then the name of the record.
    expect(places.slice(-2)).toEqual(['', '..'])
    await store.save({ ...record, permanent: version })
    expect(synced).toHaveLength(1 + parts.length + 3)
    await store.close()
  })

  it('that are gone are never named in the record', async () => {
    const store = new ReleaseStore(folder.store, releases, () => {})
    await store.open()
    const since = new Date(0).toISOString()
    const record = { permanent: '1.0.0', previous: null, candidate: null, state: 'idle', since } as const
    expect(await rejectionOf(store.save(record))).toMatchObject({ code: 'ENOENT' })
    expect(readdirSync(folder.path)).not.toContain('rollout.json')
    await store.close()
  })
})
