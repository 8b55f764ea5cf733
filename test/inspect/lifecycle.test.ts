import '../fixtures/inspect/slowMachine.js'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { startInspector } from 'cutover/inspect'
import { SimulatedClock } from 'cutover/testing'
import { Observable, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { leftSince, resources } from '../fixtures/handles.js'
import { Hosting } from '../fixtures/hosting.js'
import { lastEventMachine, request, TestClient } from '../fixtures/inspect/testClient.js'
import { Noted } from '../fixtures/noted.js'
import { usedBytes } from '../fixtures/usedBytes.js'

const run = promisify(execFile)

describe('close', () => {
  it('disconnects all clients under load, leaves no resources, and a second call joins the first', async () => {
    const before = resources()
    const inspector = await startInspector()
    const hosting = new Hosting({ inspect: inspector.inspect })
    inspector.watch(hosting.aggregate)
    const clients = [await TestClient.connect(inspector.url), await TestClient.connect(inspector.url)]
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    for (let i = 0; i < 5_000; i++) actor.send({ type: 'x' })
    const closed = [inspector.close(), inspector.close(), inspector[Symbol.asyncDispose]()]
    actor.send({ type: 'after' })
    await Promise.all(closed)
    expect(new Set(closed).size).toBe(1)
    expect(await Promise.all(clients.map(client => client.closed))).toEqual([1001, 1001])
    await expect(request(inspector.url)).rejects.toThrow('ECONNREFUSED')
    await inspector.close()
    actor.send({ type: 'after' })
    inspector.watch(hosting.aggregate)
    await hosting.aggregate.dispose()
    expect(clients.flatMap(({ messages }) => messages.filter(({ event }) => event?.['type'] === 'after'))).toEqual([])
    expect(await leftSince(before)).toEqual([])
  })

  it('completes once, even if an unsubscribe sends events, calls close again and throws', async () => {
    const inspector = await startInspector()
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    const client = await TestClient.connect(inspector.url)
    await client.snapshotAfter('xstate.init')
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
    await client.closed
    expect(again).toHaveLength(1)
    expect(client.messages.filter(({ event }) => event?.['type'] === 'late')).toEqual([])
  })

  it('releases the memory of the recorded events, and records nothing afterwards', async () => {
    const inspector = await startInspector()
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    const sendMegabytes = () => {
      for (let i = 0; i < 200; i++) actor.send({ type: 'data', bytes: new Uint8Array(50_000) })
    }
    sendMegabytes()
    const open = usedBytes()
    await inspector.close()
    const closed = usedBytes()
    sendMegabytes()
    const later = usedBytes()
    expect(open - closed).toBeGreaterThan(7_000_000)
    expect(later - closed).toBeLessThan(2_000_000)
    inspector.inspect(undefined as never)
  })

  it('ends the subscription to a watched aggregate, and watches none afterwards', async () => {
    const inspector = await startInspector()
    const events = new Subject()
    const watchable = { id: 'a', status: () => ({}), watchEvents: () => events } as never
    inspector.watch(watchable)
    expect(events.observed).toBe(true)
    await inspector.close()
    expect(events.observed).toBe(false)
    inspector.watch(watchable)
    expect(events.observed).toBe(false)
  })

  it('ends the connection of a client that does not confirm within a second', async () => {
    const clock = new SimulatedClock()
    const inspector = await startInspector({ clock })
    const client = await TestClient.connect(inspector.url)
    client.socket.pause()
    const closed = inspector.close()
    clock.increment(1_000)
    await closed
    client.socket.resume()
    await client.closed
  })
})

describe('A program with an inspector', () => {
  const inspectModule = resolve('dist/lib/inspect.js')
  const evaluate = (code: string, cwd = '.') =>
    run(process.execPath, ['--input-type=module', '-e', code], { cwd, timeout: 30_000 })

  it('exits by itself, after close and with a connected client', async () => {
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
    const client = await TestClient.connect(url)
    const exited = new Promise<number | null>(ended => child.once('exit', ended))
    child.stdin?.write('x')
    expect(await exited).toBe(0)
    await client.closed
  })

  it('stays alive until close is done, even if a client confirms late', async () => {
    const child = execFile(process.execPath, [
      '--input-type=module',
      '-e',
      `import { startInspector } from ${JSON.stringify(inspectModule)}
       const inspector = await startInspector()
       console.log(inspector.url)
       process.stdin.once('data', async () => {
         process.stdin.unref()
         const closed = inspector.close()
         console.log('closing')
         await closed
         console.log('closed')
       })`,
    ])
    const lines = new Noted<string>()
    createInterface({ input: child.stdout as Readable }).on('line', line => lines.add(line))
    await lines.count(1)
    const client = await TestClient.connect(lines.all[0] ?? '')
    const exited = once(child, 'exit')
    client.socket.pause()
    child.stdin?.write('x')
    await lines.count(2)
    client.socket.resume()
    await exited
    expect(lines.all.slice(1)).toEqual(['closing', 'closed'])
  })

  it('gets an error that says what to install if ws is missing, and can still use everything else', async () => {
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
