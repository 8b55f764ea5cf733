import { MessageChannel } from 'node:worker_threads'
import { Aggregate, type Logger } from 'cutover'
import { workerThread } from 'cutover/hosts'
import { expect, it } from 'vitest'
import type { LogLine } from '../../fixtures/hosting.js'
import { Noted } from '../../fixtures/noted.js'
import { guestFile } from '../../fixtures/remoteHost.js'

/** A report of a version to its host: the number of bytes that it got. */
interface Heard {
  readonly version: string
  readonly bytes: number
}

/** An aggregate of threads that mirrors every call, with what the two versions got and what was logged. */
async function mirroring() {
  const heard = new Noted<Heard>()
  const logs = new Noted<LogLine>()
  const write = (level: LogLine['level']) => (object: object, message: string) => {
    logs.add({ level, object: object as Record<string, unknown>, message })
  }
  const logger: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const aggregate = new Aggregate<unknown, unknown>({ id: 'mirrored', propagate: () => true, logger })
  const threads = workerThread({ module: guestFile('versatile') })
  for (const version of ['1.0.0', '2.0.0']) {
    const onHostRequest = (bytes: unknown) => heard.add({ version, bytes: bytes as number })
    aggregate.addVersion(version, threads.provision({ id: 'mirrored', version, logger, onHostRequest }))
  }
  aggregate.start()
  await aggregate.setVersion('1.0.0', '2.0.0')
  await Promise.all([aggregate.whenRunning(), aggregate.whenRunning({ version: '2.0.0' })])
  return { aggregate, heard, logs, [Symbol.asyncDispose]: () => aggregate.dispose() }
}

it('S16 with `transfer`: the next version gets a clone of what the active version is given, call after call', async () => {
  await using world = await mirroring()
  const { aggregate, heard, logs } = world
  for (let call = 1; call <= 3; call++) {
    const value = new Uint8Array(64)
    expect(await aggregate.call({ do: 'tellSize', value }, { transfer: [value.buffer] })).toBe(64)
    expect(value.byteLength).toBe(0)
    await heard.count(2 * call)
  }
  expect(heard.all.filter(({ version }) => version === '2.0.0')).toEqual(Array(3).fill({ version: '2.0.0', bytes: 64 }))
  expect(logs.all.filter(({ level }) => level === 'warn')).toEqual([])
})

it('S16 with `transfer`: what cannot be cloned is not mirrored, costs a warning, and the next version goes on', async () => {
  await using world = await mirroring()
  const { aggregate, heard, logs } = world
  const { port1, port2 } = new MessageChannel()
  const call = aggregate.call({ do: 'tellSize', value: new Uint8Array(8), port: port1 }, { transfer: [port1] })
  expect(await call).toBe(8)
  port2.close()
  const value = new Uint8Array(16)
  expect(await aggregate.call({ do: 'tellSize', value }, { transfer: [value.buffer] })).toBe(16)
  await heard.count(3)
  expect(heard.all.filter(({ version }) => version === '2.0.0')).toEqual([{ version: '2.0.0', bytes: 16 }])
  const warnings = logs.all.filter(({ level }) => level === 'warn')
  expect(warnings.map(({ message }) => message)).toEqual(['a call propagated to another version failed'])
})
