import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { InstalledProject, NODE_TYPES, type Outcome } from '../fixtures/package/installed.js'

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
