import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { startInspector } from 'cutover/inspect'
import { SimulatedClock } from 'cutover/testing'
import { Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { leftSince, resources } from '../fixtures/handles.js'
import { Hosting } from '../fixtures/hosting.js'
import { keeper, request, TestViewer } from '../fixtures/inspect/testClient.js'

const run = promisify(execFile)

describe('close', () => {
  it('In the middle of everything it ends all viewers, leaves nothing, and a second call joins the first', async () => {
    const before = resources()
    const inspector = await startInspector()
    const hosting = new Hosting({ inspect: inspector.inspect })
    inspector.watch(hosting.aggregate)
    const viewers = [await TestViewer.connect(inspector.url), await TestViewer.connect(inspector.url)]
    const actor = createActor(keeper(), { inspect: inspector.inspect }).start()
    for (let i = 0; i < 5_000; i++) actor.send({ type: 'x' })
    const closed = [inspector.close(), inspector.close(), inspector[Symbol.asyncDispose]()]
    actor.send({ type: 'after' })
    await Promise.all(closed)
    expect(await Promise.all(viewers.map(viewer => viewer.closed))).toEqual([1001, 1001])
    await expect(request(inspector.url)).rejects.toThrow('ECONNREFUSED')
    await inspector.close()
    actor.send({ type: 'after' })
    inspector.watch(hosting.aggregate)
    await hosting.aggregate.dispose()
    expect(viewers.flatMap(({ messages }) => messages.filter(({ event }) => event?.['type'] === 'after'))).toEqual([])
    expect(await leftSince(before)).toEqual([])
  })

  it('An unsubscribe may send events, close the inspector again, or throw: close still ends it once', async () => {
    const inspector = await startInspector()
    const actor = createActor(keeper(), { inspect: inspector.inspect }).start()
    const viewer = await TestViewer.connect(inspector.url)
    await viewer.snapshotAfter('xstate.init')
    const again: Promise<void>[] = []
    const unsubscribe = () => {
      actor.send({ type: 'late' })
      again.push(inspector.close())
      throw new Error('no')
    }
    inspector.watch({ id: 'a', status: () => ({}), watchEvents: () => new Observable(() => unsubscribe) } as never)
    const closed = inspector.close()
    expect(again[0]).toBe(closed)
    await closed
    await viewer.closed
    expect(again).toHaveLength(1)
    expect(viewer.messages.filter(({ event }) => event?.['type'] === 'late')).toEqual([])
  })

  it('A viewer that never answers is cut off after a second', async () => {
    const clock = new SimulatedClock()
    const inspector = await startInspector({ clock })
    const viewer = await TestViewer.connect(inspector.url)
    viewer.socket.pause()
    const closed = inspector.close()
    clock.increment(1_000)
    await closed
    viewer.socket.resume()
    await viewer.closed
  })
})

describe('in a program', () => {
  const inspectModule = resolve('dist/lib/inspect.js')
  const evaluate = (code: string, cwd = '.') =>
    run(process.execPath, ['--input-type=module', '-e', code], { cwd, timeout: 20_000 })

  it('It does not keep the program alive, also with a viewer, and close comes to an end', async () => {
    const { stdout } = await evaluate(`
      import { startInspector } from ${JSON.stringify(inspectModule)}
      const first = await startInspector()
      await first.close()
      const { url } = await startInspector()
      console.log(url)
    `)
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=/)
    const child = execFile(process.execPath, [
      '--input-type=module',
      '-e',
      `import { startInspector } from ${JSON.stringify(inspectModule)}
       console.log((await startInspector()).url)
       process.stdin.once('data', () => process.stdin.unref())`,
    ])
    const url = await new Promise<string>(found => child.stdout?.once('data', text => found(String(text).trim())))
    const viewer = await TestViewer.connect(url)
    const exited = new Promise<number | null>(ended => child.once('exit', ended))
    child.stdin?.write('x')
    expect(await exited).toBe(0)
    await viewer.closed
  })

  it('Without the package ws the error says what to install, and all else of the library works', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inspect-'))
    try {
      await cp('dist/lib', join(folder, 'dist/lib'), { recursive: true })
      await cp('package.json', join(folder, 'package.json'))
      await mkdir(join(folder, 'node_modules'))
      for (const name of await readdir('node_modules')) {
        if (name !== 'ws') await symlink(resolve('node_modules', name), join(folder, 'node_modules', name))
      }
      const { stdout } = await evaluate(
        `import { Aggregate } from 'cutover'
         import { startInspector } from 'cutover/inspect'
         new Aggregate({ id: 'a' })
         await startInspector().catch(error => console.log(error.code, error.message))`,
        folder,
      )
      expect(stdout).toMatch(/^CUTOVER_INSPECTOR_FAILED .*npm install ws\n$/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
