import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import { InstalledProject, NODE_TYPES, type Outcome } from '../fixtures/package/installed.js'
import { Served } from '../serve/serving.js'

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: object }

let project: InstalledProject | undefined
beforeAll(async () => {
  project = await InstalledProject.make()
}, 300_000)
afterAll(() => project?.[Symbol.asyncDispose]())

function installed({ skip }: TestContext): InstalledProject {
  return project ?? skip('needs the npm registry, or its packages in the cache of npm')
}

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
    const child = project.cutover('serve', 'app.mjs', '--port', '0', '--host', '127.0.0.1', '--soak', '0')
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

  it.for(NODE_TYPES)(
    'has types that hold with @types/node %s and TypeScript 7, without and with the DOM',
    async (types, context) => {
      expect(await installed(context).compile(types, '7', ['ES2023'])).toEqual(fine)
      expect(await installed(context).compile(types, '7', undefined)).toEqual(fine)
    },
  )

  it.for([NODE_TYPES[0], NODE_TYPES[3]])(
    'has types that hold with @types/node %s and TypeScript 5.9',
    async (types, context) => {
      expect(await installed(context).compile(types, '5.9', ['ES2023'])).toEqual(fine)
    },
  )
})
