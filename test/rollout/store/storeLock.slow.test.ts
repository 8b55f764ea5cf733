import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileStore } from 'cutover/rollout'
import { describe, expect, it, onTestFinished } from 'vitest'
import { directory } from '../../fixtures/system.js'

const file = () => join(directory(), 'rollout.json')
const IDLE = {
  permanent: null,
  previous: null,
  candidate: null,
  state: 'idle',
  since: '2026-01-02T03:04:05.678Z',
} as const
const locked = (pid: number | string) =>
  expect.objectContaining({
    code: 'CUTOVER_STORE_LOCKED',
    message: expect.stringContaining(`in use by process ${pid}.`),
  })

/** Starts a process that opens the store and keeps it. Resolves with what it prints. */
async function holder(path: string): Promise<{ child: ChildProcess; printed: string }> {
  const program = 'test/fixtures/processes/holdsStore.mjs'
  const child = spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [printed] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { child, printed }
}

async function end(child: ChildProcess, how: 'SIGKILL' | 'stdin'): Promise<void> {
  const exited = once(child, 'exit')
  if (how === 'stdin') child.stdin?.end()
  else child.kill(how)
  await exited
}

const isFree = async (path: string) => {
  const store = fileStore(path)
  await store.open()
  await store.close()
  return readdirSync(join(path, '..'))
}

describe('The lock of a file', () => {
  it('keeps a second store of the same process out, also by another path, until the first is closed', async () => {
    const path = file()
    const link = join(directory(), 'link')
    symlinkSync(join(path, '..'), link)
    const store = fileStore(path)
    await store.open()
    await expect(fileStore(join(link, 'rollout.json')).open()).rejects.toEqual(locked(process.pid))
    await store.save(IDLE)
    const alias = join(directory(), 'alias.json')
    symlinkSync(path, alias)
    for (const other of [fileStore(path), fileStore(join(link, 'rollout.json')), fileStore(alias), store])
      await expect(other.open()).rejects.toEqual(locked(process.pid))
    await store.close()
    expect(await isFree(path)).toEqual(['rollout.json'])
  })

  it('keeps another process out, and names the one that has it', async () => {
    const path = file()
    const { child, printed } = await holder(path)
    expect(printed).toBe('held')
    await expect(fileStore(path).open()).rejects.toEqual(locked(child.pid ?? ''))
    expect((await holder(path)).printed).toBe('CUTOVER_STORE_LOCKED')
    await end(child, 'stdin')
    expect(await isFree(path)).toEqual([])
  })

  it('is not left in force by a process that is killed, and its socket is removed', async () => {
    const path = file()
    for (let n = 0; n < 2; n++) {
      const { child } = await holder(path)
      await end(child, 'SIGKILL')
    }
    expect(readdirSync(join(path, '..'))).toHaveLength(1)
    expect(await isFree(path)).toEqual([])
  })

  it('is that of a process that is suspended, too', async () => {
    const path = file()
    const { child } = await holder(path)
    child.kill('SIGSTOP')
    await expect(fileStore(path).open()).rejects.toMatchObject({ code: 'CUTOVER_STORE_LOCKED' })
    child.kill('SIGCONT')
    await end(child, 'stdin')
    expect(await isFree(path)).toEqual([])
  })

  it('is given to exactly one of many that ask at once', async () => {
    for (let round = 0; round < 20; round++) {
      const path = file()
      const stores = Array.from({ length: 8 }, () => fileStore(path))
      const opened = await Promise.allSettled(stores.map(store => store.open()))
      expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      await Promise.all(stores.map(store => store.close()))
      expect(readdirSync(join(path, '..'))).toEqual([])
    }
  })

  it('is given to exactly one of several processes that start at once, after a crash', async () => {
    const path = file()
    await end((await holder(path)).child, 'SIGKILL')
    const holders = await Promise.all(Array.from({ length: 4 }, () => holder(path)))
    expect(holders.map(({ printed }) => printed).toSorted()).toEqual([...Array(3).fill('CUTOVER_STORE_LOCKED'), 'held'])
  })

  it('that somebody has removed fails the next save', async () => {
    const path = file()
    const store = fileStore(path)
    await store.open()
    for (const name of readdirSync(join(path, '..'))) rmSync(join(path, '..', name))
    await expect(store.save(IDLE)).rejects.toMatchObject({
      code: 'CUTOVER_STORE_FAILED',
      message: expect.stringContaining('has lost its lock'),
    })
    await store.close()
  })

  it('leaves other files alone, whatever they are called', async () => {
    const path = file()
    const others = ['rollout.json.lock', 'rollout.json.lock.0123456789abcdef', 'rollout.json.lock.old', 'other.json']
    for (const name of others) writeFileSync(join(path, '..', name), '')
    expect(await isFree(path)).toEqual(others.toSorted())
  })
})
