import { isCutoverError, type Runtime } from 'cutover'
import { childProcess, inProcess, workerThread } from 'cutover/hosts'
import { describe, expect, it, onTestFinished } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { Noted } from '../fixtures/noted.js'

const module = new URL('../fixtures/modules/hostileErrors.mjs', import.meta.url)
const ILLEGIBLE = [
  ...['ownToString', 'toPrimitive', 'objectMessage', 'throwingMessage', 'throwingName', 'throwingStack'],
  ...['cycle', 'throwingTraps', 'object'],
]

interface Request {
  readonly fail: string
}

describe.each([
  ['in this process', inProcess],
  ['in a thread', workerThread],
  ['in a process', childProcess],
] as const)("A module's error %s", (_, host) => {
  const runtimeOf = (localConfig: object = {}): Runtime<Request, unknown> => {
    const provisioner = host({ module, minBackoff: 20 })
    const runtime = provisioner.provision<Request, unknown>({
      id: 'hostile',
      version: '1.0.0',
      localConfig: { ...localConfig },
    })
    onTestFinished(() => runtime.stop())
    return runtime
  }

  it('is one of ours if the library made it, and never if it only has our name, code or prototype', async () => {
    const runtime = runtimeOf()
    runtime.start()
    const ours = await rejectionOf(runtime.call({ fail: 'ours' }))
    expect(isCutoverError(ours, 'CUTOVER_DISPOSED')).toBe(true)
    expect(ours).toMatchObject({ message: 'gone', version: '9.0.0' })
    for (const fail of ['posing', 'inherited']) {
      const error = await rejectionOf(runtime.call({ fail }))
      expect([fail, isCutoverError(error)]).toEqual([fail, false])
      expect(error).toMatchObject({ message: 'gone', code: 'CUTOVER_DISPOSED' })
    }
  })

  it.each(ILLEGIBLE)('that cannot be put into words is the cause of a failed start that can: %s', async fail => {
    const runtime = runtimeOf({ fail })
    const failed = new Noted<Error>()
    runtime.watchEvents().subscribe(event => event.type === 'failedToStart' && failed.add(event.error))
    runtime.start()
    // It is tried again, so nothing has broken.
    await failed.count(2)
    for (const error of failed.all.slice(0, 2)) {
      expect(isCutoverError(error, 'CUTOVER_START_FAILED')).toBe(true)
      expect(String(error)).toMatch(/^CutoverError: Version 1\.0\.0 failed to start: /)
    }
  })

  it('that an abort cannot put into words has it restarted', async () => {
    const runtime = runtimeOf()
    runtime.start()
    await rejectionOf(runtime.call({ fail: 'posing' }))
    await runtime.abort()
    expect(await rejectionOf(runtime.call({ fail: 'posing' }))).toMatchObject({ message: 'gone' })
  })
})

describe.each([
  ['a thread', workerThread],
  ['a process', childProcess],
] as const)("A module's error from %s", (_, host) => {
  it('can be put into words, whatever it was', async () => {
    const runtime = host({ module }).provision<Request, unknown>({ id: 'hostile', version: '1.0.0' })
    onTestFinished(() => runtime.stop())
    runtime.start()
    for (const fail of ILLEGIBLE) {
      const error = await rejectionOf(runtime.call({ fail }))
      expect([fail, String(error)]).toEqual([fail, expect.stringMatching(/^(Error(: (gone|an object))?|an object)$/)])
    }
  })
})
