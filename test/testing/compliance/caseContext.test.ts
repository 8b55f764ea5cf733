import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ControllableRuntime } from 'cutover/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CaseContext } from '../../../src/testing/compliance/caseContext.js'
import { compileCompliance } from '../../../src/testing/compliance/options.js'
import { Deadline } from '../../../src/testing/deadline.js'
import { rejectionOf, stateOf } from '../../fixtures/hosting.js'

class TestRuntime extends ControllableRuntime {
  constructor(autoStop = false) {
    super({ id: 'compliance', version: '1.2.3', autoStart: true, autoStop })
  }
}

/** A context that provisions these runtimes, one after the other. */
function contextOf(runtimes: readonly ControllableRuntime[], options: { timeout?: number; directory?: string } = {}) {
  const rest = [...runtimes]
  return new CaseContext(compileCompliance({ provision: () => rest.shift() as ControllableRuntime, ...options }))
}

describe('The clean-up of a case', () => {
  it('A runtime that fails to stop keeps no other runtime running and no file in place', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'context-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const broken = Object.assign(new TestRuntime(), { stop: () => Promise.reject(new Error('cannot stop')) })
    const correct = new TestRuntime(true)
    const context = contextOf([broken, correct], { directory })
    await context.createBlockingFile()
    await context.provisionStarted()
    await context.provisionStarted()
    expect(await rejectionOf(context.dispose())).toMatchObject({ message: 'cannot stop' })
    expect([correct.stops, broken.subscribers, correct.subscribers]).toEqual([1, 0, 0])
    expect(readdirSync(directory)).toEqual([])
  })

  it('It has its own time limit when that of the case has passed', async () => {
    const runtime = new TestRuntime()
    const context = contextOf([runtime], { timeout: 500 })
    await context.provisionStarted()
    await rejectionOf(context.deadline.wait(new Promise(() => {}), 'the deadline'))
    const disposed = context.dispose()
    disposed.catch(() => {})
    await rejectionOf(new Deadline(10).wait(new Promise(() => {}), 'a timer that starts later'))
    runtime.emitStopped()
    await disposed
  })

  it('It waits for stopped, whatever is emitted before it', async () => {
    const runtime = new TestRuntime()
    const context = contextOf([runtime])
    await context.provisionStarted()
    const disposed = context.dispose()
    expect(await stateOf(disposed)).toBe('pending')
    runtime.emitFailedToStart()
    expect(await stateOf(disposed)).toBe('pending')
    runtime.emitUpdated()
    expect(await stateOf(disposed)).toBe('pending')
    expect(runtime.subscribers).toBe(1)
    runtime.emitStopped()
    await disposed
    expect(runtime.subscribers).toBe(0)
  })

  it('It waits for the promise of stop()', async () => {
    let resolve = () => {}
    const stopped = new Promise<void>(done => {
      resolve = done
    })
    const runtime = new TestRuntime()
    const stop = () => {
      runtime.emitStopped()
      return stopped
    }
    const context = contextOf([Object.assign(runtime, { stop })])
    await context.provisionStarted()
    const disposed = context.dispose()
    expect(await stateOf(disposed)).toBe('pending')
    resolve()
    await disposed
  })
})

describe('Rejections that a case does not look at', () => {
  it('Neither a call nor an action inside an event causes an unhandled rejection', async () => {
    const runtime = new TestRuntime(true)
    const context = contextOf([Object.assign(runtime, { call: () => Promise.reject(new Error('no')) })])
    const tested = await context.provision()
    tested.runInside('started', () => Promise.reject(new Error('no')))
    tested.call({ op: 'hang' })
    await tested.startAndWait()
    await context.dispose()
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    onTestFinished(() => void process.off('unhandledRejection', note))
    await new Promise(resolve => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })
})
