import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import { InstalledProject, type Outcome, type Packed, pack } from '../fixtures/package/installed.js'
import { Served } from '../serve/serving.js'

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: object }

const folder = mkdtempSync(join(tmpdir(), 'packed-'))
let packed: Packed
let project: InstalledProject | undefined
beforeAll(async () => {
  packed = await pack(folder)
  project = await InstalledProject.make(packed.archive)
}, 300_000)
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await project?.[Symbol.asyncDispose]()
})

function installed({ skip }: TestContext): InstalledProject {
  return project ?? skip('needs the npm registry, or its packages in the cache of npm')
}

describe('The packed files', () => {
  it('hold what a user reads, what runs, and the licences of both', () => {
    const needed = ['CHANGELOG.md', 'LICENSE', 'README.md', 'docs/stability.md', 'docs/recipes/esbuild.md']
    const licences = ['dist/guest/licenses.md', 'dist/page/licenses.md']
    const programs = ['dist/guest/process.js', 'dist/guest/worker.js', 'dist/lib/index.js', 'dist/page/page.js']
    expect([...needed, ...licences, ...programs].filter(path => !packed.files.includes(path))).toEqual([])
  })

  it('hold no tests but those of the rules, no text of the guest program by itself, and nothing that is not built for use', () => {
    const unwanted = /^(\.|dist\/(test|docs|guestText)\/|node_modules\/)|\.tsbuildinfo$/
    expect(packed.files.filter(path => unwanted.test(path))).toEqual([])
    expect(packed.files.filter(path => /^test\/(?!conformance\/)/.test(path))).toEqual([
      'test/fixtures/guest.py',
      'test/fixtures/streaming_guest.py',
    ])
  })
})

describe('The package, packed and installed in an empty project', { timeout: 120_000 }, () => {
  it('can be imported by every entry', async context => {
    const names = (await installed(context).json('entries.mjs')) as Record<string, string[]>
    expect(Object.keys(names)).toEqual(Object.keys(manifest.exports))
    expect(names['.']).toEqual(expect.arrayContaining(['Aggregate', 'CutoverError', 'isCutoverError']))
    expect(Object.values(names).filter(exported => exported.length === 0)).toEqual([])
  })

  it('runs a module on every host, and shows it in the inspector', async context => {
    expect(await installed(context).json('main.mjs')).toEqual({
      answers: {
        inProcess: 42,
        workerThread: 42,
        childProcess: 42,
        ownGuestOfThread: 42,
        ownGuestOfProcess: 42,
        program: 42,
      },
      pages: { '/': '200 text/html; charset=utf-8', '/licenses.md': '200 text/markdown; charset=utf-8' },
    })
  })

  it('serves an application with npx, deploys another version of it, and stops', async context => {
    const project = installed(context)
    const run = async (...args: readonly string[]) => {
      const command = new Served(project.cutover(...args))
      const [code] = await command.exited
      return { code, stdout: command.lines.join('\n'), stderr: command.stderr }
    }
    const child = project.npx('serve', 'app.mjs', '--port', '0', '--host', '127.0.0.1', '--soak', '0')
    onTestFinished(() => {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL')
      } catch {
        // It has ended.
      }
    })
    const served = new Served(child)
    await served.line('listens on')
    expect(await served.get()).toBe('one')

    writeFileSync(join(project.site, 'app.mjs'), "export const fetch = () => new Response('two')\n")
    expect(await run('deploy')).toMatchObject({ code: 0, stdout: expect.stringMatching(/ stays\.$/), stderr: '' })
    expect(await served.get()).toBe('two')
    expect(await run('status')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1\.4\.0-\d{14}\.\w+$/m) })
    expect(await run('stop')).toMatchObject({ code: 0, stdout: 'The service has ended.' })
    expect(await served.exited).toEqual([0, null])
  })

  it('can be imported by every entry but cutover/fleet without NATS, and that one says what to install', async context => {
    expect(await installed(context).jsonWithout('@nats-io', 'failures.mjs')).toEqual({
      './fleet': {
        code: 'CUTOVER_MISSING_PACKAGE',
        message:
          'cutover/fleet needs NATS, whose packages cannot be loaded. Install them: npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv',
      },
    })
  })

  const fine: Outcome = { code: 0, output: '' }

  it('has types that hold with TypeScript 7 and versions of @types/node, without and with the DOM', async context => {
    expect(await installed(context).compile('7')).toEqual(fine)
  })

  it('has types that hold with TypeScript 5.9', async context => {
    expect(await installed(context).compile('5.9')).toEqual(fine)
  })
})
