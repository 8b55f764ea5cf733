import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type BubblewrapOptions, bubblewrap, type ChildProcessOptions } from 'cutover/hosts'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { noBubblewrap } from '../../fixtures/installed.js'
import { guestFile, RemoteHost } from '../../fixtures/remoteHost.js'
import { directory } from '../../fixtures/system.js'

const isRoot = process.getuid?.() === 0
const LIMIT = { timeout: 30_000 }

/** The module `curious` as a file of its own. */
function curiousAt(path: string): string {
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(guestFile('curious'), path)
  onTestFinished(() => rmSync(path, { force: true }))
  return path
}

function packageAt(path: string, contents = '{"type":"module"}'): string {
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'package.json'), contents)
  return path
}

function hosting(module: string | URL, options: BubblewrapOptions = {}, more: ChildProcessOptions = {}): RemoteHost {
  return RemoteHost.ofModule({ module, sandbox: bubblewrap(options), ...more })
}

/** The processes that are neither seen nor counted where we are, by their pid here, with the user that the kernel knows. */
function usersInSandboxes(mark: string): string[] {
  const ours = readlinkSync('/proc/self/ns/pid')
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        if (readlinkSync(`/proc/${pid}/ns/pid`) === ours) return []
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`MARK=${mark}`)) return []
        return [/^Uid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '']
      } catch {
        return []
      }
    })
}

describe.skipIf(noBubblewrap !== undefined)('A module in a sandbox', LIMIT, () => {
  it('cannot write what is about the whole system, whoever its host is', async () => {
    await using host = await hosting(guestFile('curious')).started()
    for (const path of [
      'kernel/core_pattern',
      'kernel/domainname',
      'vm/swappiness',
      'fs/file-max',
      'net/core/somaxconn',
    ]) {
      expect(await host.do('rewrite', { path: `/proc/sys/${path}` }), path).toMatch(/^(EACCES|EROFS|ENOENT)$/)
    }
    for (const path of [
      '/proc/sysrq-trigger',
      '/proc/irq/default_smp_affinity',
      '/proc/kcore',
      '/sys/kernel/uevent_helper',
    ]) {
      expect(await host.do('openToWrite', { path }), path).toMatch(/^(EACCES|EROFS|ENOENT|EPERM)$/)
    }
  })

  it('is another user than root for the kernel, in no group, and without rights to regain', async () => {
    const mark = `${process.pid}-user`
    await using host = await hosting(guestFile('curious'), {}, { env: { MARK: mark } }).started()
    const users = usersInSandboxes(mark)
    expect(users.length).toBeGreaterThan(0)
    expect(users.filter(user => user === '0')).toEqual([])
    if (isRoot) expect(new Set(users).size).toBe(1)
    const status = (await host.do('who')) as string
    expect(status).toMatch(/^Groups:\s*(65534\s*)*$/m)
    expect(status).toMatch(/^NoNewPrivs:\s*1$/m)
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(status).toMatch(`${set}:\t0000000000000000`)
  })

  it.runIf(isRoot)('shares its user with no other guest of root', async () => {
    const marks = [1, 2].map(number => `${process.pid}-own-${number}`)
    await using first = hosting(guestFile('curious'), {}, { env: { MARK: marks[0] ?? '' } })
    await using second = hosting(guestFile('curious'), {}, { env: { MARK: marks[1] ?? '' } })
    await Promise.all([first.started(), second.started()])
    const users = marks.map(mark => new Set(usersInSandboxes(mark)))
    expect(users.map(({ size }) => size)).toEqual([1, 1])
    expect(new Set(users.flatMap(each => [...each])).size).toBe(2)
  })

  it.runIf(isRoot)('is not started by root without setpriv, and the error says what to do', async () => {
    const path = directory()
    symlinkSync('/usr/bin/bwrap', join(path, 'bwrap'))
    vi.stubEnv('PATH', path)
    onTestFinished(() => void vi.unstubAllEnvs())
    await using host = hosting(guestFile('curious'))
    expect((await host.failure()).message).toMatch(
      /no program "setpriv" in PATH: install util-linux: a host that is root/,
    )
    expect(host.events).toMatchObject([{ type: 'failedToStart', final: true }])
  })

  it.runIf(isRoot)(
    'is not started by root from a file that only root may read, and the error says what to do',
    async () => {
      const module = curiousAt(join(directory(), 'rules.mjs'))
      chmodSync(module, 0o600)
      await using host = hosting(module)
      expect((await host.failure()).message).toMatch(
        /its guest another user, who may not read ".*rules\.mjs": run chmod o\+r/,
      )
      expect(host.events).toMatchObject([{ type: 'failedToStart', final: true }])
    },
  )
})

describe.skipIf(noBubblewrap !== undefined)('What is mounted for a module', LIMIT, () => {
  it('in a package: its folder with all that is in it, and every node_modules above it; nothing beside it', async () => {
    const workspace = directory()
    const folder = packageAt(join(workspace, 'packages', 'rules'))
    const module = curiousAt(join(folder, 'src', 'rules.mjs'))
    writeFileSync(join(folder, 'own.mjs'), 'export const value = "own"')
    packageAt(join(workspace, 'node_modules', 'dependency'), '{"type":"module","exports":"./main.js"}')
    writeFileSync(join(workspace, 'node_modules', 'dependency', 'main.js'), 'export const value = "dependency"')
    writeFileSync(join(workspace, 'secret'), '')
    await using host = await hosting(module).started()
    expect(await host.do('import', { path: '../own.mjs' })).toBe('own')
    expect(await host.do('import', { path: 'dependency' })).toBe('dependency')
    expect(await host.do('list', { path: workspace })).toEqual(['node_modules', 'packages'])
    expect(await host.do('write', { path: join(folder, 'x') })).toMatch(/^(EROFS|EACCES)$/)
  })

  it.each<[where: string, folder: () => string]>([
    ['/tmp', () => '/tmp'],
    ['/var/tmp', () => '/var/tmp'],
    ['the directory for temporary files', () => tmpdir()],
    ['a folder that is no package', () => directory()],
  ])('that lies in %s: only the file', async (_, find) => {
    const folder = find()
    const secret = join(folder, `secret-${process.pid}`)
    writeFileSync(secret, 'x')
    onTestFinished(() => rmSync(secret, { force: true }))
    const module = curiousAt(join(folder, `curious-${process.pid}.mjs`))
    await using host = await hosting(module).started()
    expect(await host.do('read', { path: secret })).toBe('ENOENT')
    const seen = (await host.do('list', { path: folder })) as string[]
    expect(seen).toContain(basename(module))
    expect(seen).not.toContain(basename(secret))
  })

  it.runIf(isRoot)('that lies in /: only the file', async () => {
    const module = curiousAt(`/curious-${process.pid}.mjs`)
    await using host = await hosting(module).started()
    const seen = (await host.do('list', { path: '/' })) as string[]
    expect(seen).toContain(basename(module))
    // The folder of the program that runs the module is there.
    const [, programs] = process.execPath.split('/')
    expect(seen.filter(name => name !== programs && /^(home|root|var|srv|opt|boot|sys)$/.test(name))).toEqual([])
  })

  it.each([false, true])(
    'that lies in the home directory, which has a package.json: %s – only the files',
    async isPackage => {
      const home = directory()
      vi.stubEnv('HOME', home)
      onTestFinished(() => void vi.unstubAllEnvs())
      if (isPackage) packageAt(home)
      writeFileSync(join(home, '.npmrc'), 'token')
      const module = curiousAt(join(home, 'rules.mjs'))
      await using host = await hosting(module, {}, { env: { HOME: '/tmp' } }).started()
      expect(await host.do('read', { path: join(home, '.npmrc') })).toBe('ENOENT')
      expect(await host.do('list', { path: home })).toEqual([...(isPackage ? ['package.json'] : []), 'rules.mjs'])
    },
  )

  it.each(['/', '/tmp', '/var/tmp', homedir(), tmpdir(), '/usr/../tmp'])(
    '%s is refused where it is named: it belongs to many',
    path => {
      const message = expect.stringMatching(
        /"readOnly" must not have .* many programs share: name the files and folders/,
      )
      const refused = { code: 'CUTOVER_INVALID_OPTION', message }
      expect(() => bubblewrap({ readOnly: ['/usr', path] })).toThrow(expect.objectContaining(refused))
      const link = join(directory(), 'link')
      symlinkSync(path, link)
      expect(() => bubblewrap({ readOnly: [link] })).toThrow(expect.objectContaining(refused))
    },
  )

  it('A working directory that many share is refused; / and the own /tmp are there anyway', async () => {
    const module = guestFile('curious')
    await using refused = hosting(module, {}, { cwd: '/var/tmp' })
    expect((await refused.failure()).message).toMatch(
      /does not mount "\/var\/tmp", which many programs share: give `cwd`/,
    )
    expect(refused.events).toMatchObject([{ type: 'failedToStart', final: true }])
    for (const cwd of ['/', '/tmp']) {
      await using host = await hosting(module, {}, { cwd }).started()
      expect(await host.do('where')).toMatchObject({ cwd })
    }
  })

  it('What is named and does not exist fails for good', async () => {
    await using host = hosting(guestFile('curious'), { readOnly: ['/nowhere/rules'] })
    expect((await host.failure()).message).toMatch(/The sandbox cannot mount "\/nowhere\/rules": it does not exist/)
    expect(host.events).toMatchObject([{ type: 'failedToStart', final: true }])
  })

  it.each([
    [undefined, '/tmp'],
    ['/var/tmp/rules', '/var/tmp/rules'],
    ['/tmp/rules', '/tmp/rules'],
  ])('TMPDIR %s can be written', async (given, tmp) => {
    const env = given === undefined ? {} : { TMPDIR: given }
    await using host = await hosting(guestFile('curious'), {}, { env }).started()
    expect(await host.do('where')).toMatchObject({ tmpdir: tmp })
    expect(await host.do('write', { path: join(tmp, 'x') })).toBe('written')
    expect(await host.do('write', { path: '/x' })).toMatch(/^(EROFS|EACCES)$/)
  })
})

describe.skipIf(noBubblewrap !== undefined)('The limits of a sandbox', LIMIT, () => {
  const MB = 1_048_576

  it('bound the memory of a process, with which Node.js starts', async () => {
    // Node.js 24 needs some 600 MB to start.
    await using host = await hosting(guestFile('curious'), { limits: { memory: 1_024 * MB } }).started()
    expect(await host.do('eat', { bytes: 32 * MB })).toBe(32 * MB)
    expect(await host.do('eat', { bytes: 2_048 * MB })).toMatch(/allocation.failed/i)
  })

  it('bound the processes of one sandbox, not those of all', async () => {
    const limits = { processes: 40 }
    await using first = await hosting(guestFile('curious'), { limits }).started()
    await using second = await hosting(guestFile('curious'), { limits }).started()
    for (const host of [first, second]) {
      expect(await host.do('spawn', { count: 5 })).toBe('spawned')
      expect(await host.do('spawn', { count: 60 })).toBe('EAGAIN')
    }
  })

  it('bound the open files', async () => {
    await using host = await hosting(guestFile('curious'), { limits: { openFiles: 64 } }).started()
    expect(await host.do('open', { count: 10 })).toBe(10)
    expect(await host.do('open', { count: 100 })).toBe('EMFILE')
  })

  it('that are none are refused by their name', () => {
    for (const name of ['memory', 'processes', 'openFiles']) {
      for (const value of [0, -1, 1.5, '1', Number.POSITIVE_INFINITY, null]) {
        const refused = { code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"limits.${name}"`) }
        expect(() => bubblewrap({ limits: { [name]: value } })).toThrow(expect.objectContaining(refused))
      }
    }
    expect(() => bubblewrap({ limits: 7 as never })).toThrow(/"limits" must be an object/)
  })
})
