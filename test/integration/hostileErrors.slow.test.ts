import { isCutoverError, type Runtime } from 'cutover'
import { childProcess, inProcess, type RuntimeConfig, workerThread } from 'cutover/hosts'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { Noted } from '../fixtures/noted.js'

const module = new URL('../fixtures/modules/hostileErrors.mjs', import.meta.url)
const ILLEGIBLE = [
  ...['ownToString', 'toPrimitive', 'objectMessage', 'throwingMessage', 'throwingName', 'throwingStack'],
  ...['cycle', 'throwingTraps', 'object'],
]
const HOSTS = { inProcess, workerThread, childProcess } as const
type Kind = keyof typeof HOSTS

interface Request {
  readonly fail: string
}

function runtimeOf(kind: Kind, config: Partial<RuntimeConfig> = {}): Runtime<Request, unknown> {
  const provisioner = HOSTS[kind]({ module, minBackoff: 20, maxBackoff: 20 })
  return provisioner.provision({ id: 'hostile', version: '1.0.0', ...config })
}

/** The errors of so many failed starts of a runtime. */
async function failedStarts(runtime: Runtime<Request, unknown>, count: number): Promise<readonly Error[]> {
  const failed = new Noted<Error>()
  runtime.watchEvents().subscribe(event => event.type === 'failedToStart' && failed.add(event.error))
  onTestFinished(() => runtime.stop())
  runtime.start()
  await failed.count(count)
  return failed.all.slice(0, count)
}

function expectLegible(fail: string, error: unknown): void {
  expect([fail, isCutoverError(error, 'CUTOVER_START_FAILED')]).toEqual([fail, true])
  const said = expect.stringMatching(/^CutoverError: Version 1\.0\.0 failed to start: /)
  expect([fail, String(error)]).toEqual([fail, said])
}

describe.each([
  ['in this process', 'inProcess'],
  ['in a thread', 'workerThread'],
  ['in a process', 'childProcess'],
] as const)("A module's error %s", (_, kind) => {
  const runtime = runtimeOf(kind)
  beforeAll(() => {
    runtime.start()
    return () => runtime.stop()
  })

  it('is one of ours if the library made it, and never if it only has our name, code or prototype', async () => {
    const ours = await rejectionOf(runtime.call({ fail: 'ours' }))
    expect(isCutoverError(ours, 'CUTOVER_DISPOSED')).toBe(true)
    expect(ours).toMatchObject({ message: 'gone', version: '9.0.0' })
    for (const fail of ['posing', 'inherited']) {
      const error = await rejectionOf(runtime.call({ fail }))
      expect([fail, isCutoverError(error)]).toEqual([fail, false])
      expect(error).toMatchObject({ message: 'gone', code: 'CUTOVER_DISPOSED' })
    }
  })

  // In this process it is the error itself.
  if (kind !== 'inProcess') {
    it('can be put into words, whatever it was', async () => {
      for (const fail of ILLEGIBLE) {
        const error = await rejectionOf(runtime.call({ fail }))
        expect([fail, String(error)]).toEqual([fail, expect.stringMatching(/^(Error(: (gone|an object))?|an object)$/)])
      }
    })
  }

  it('that an abort cannot put into words has it restarted', async () => {
    await rejectionOf(runtime.call({ fail: 'posing' }))
    await runtime.abort()
    expect(await rejectionOf(runtime.call({ fail: 'posing' }))).toMatchObject({ message: 'gone' })
  })

  it('that cannot be put into words is the cause of a failed start that can', async () => {
    const left = [...ILLEGIBLE]
    const localConfig = { failsAsTold: true }
    // Each is followed by the next one, so nothing has broken.
    const told = runtimeOf(kind, { localConfig, onHostRequest: () => left.shift() ?? null })
    const errors = await failedStarts(told, ILLEGIBLE.length)
    for (const [i, fail] of ILLEGIBLE.entries()) expectLegible(fail, errors[i])
    expect(await rejectionOf(told.call({ fail: 'posing' }))).toMatchObject({ message: 'gone' })
  })
})

it.each(ILLEGIBLE)('An error that a start in this process throws at once is put into words: %s', async fail => {
  for (const error of await failedStarts(runtimeOf('inProcess', { localConfig: { fail } }), 2)) {
    expectLegible(fail, error)
  }
})
