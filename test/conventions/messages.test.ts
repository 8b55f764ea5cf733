import { CutoverError } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { expect, it } from 'vitest'
import { Hosting, ID, rejectionOf } from '../fixtures/hosting.js'

/** The remedy that the message of each kind of error names, and a way to get the error. */
const MESSAGES: readonly (readonly [code: string, remedy: RegExp, provoke: () => unknown])[] = [
  ['INVALID_VERSION', /Give a full SemVer version such as 1\.4\.0/, () => new Hosting().aggregate.hasVersion('1')],
  ['INVALID_VERSION', /Did you mean "1\.0\.0"\?/, () => new Hosting().aggregate.hasVersion('v1.0.0')],
  ['INVALID_OPTION', /"drainTimeout" must be a whole number/, () => new Hosting({ drainTimeout: -1 })],
  ['INVALID_OPTION', /"signal" must be an AbortSignal/, () => new Hosting().aggregate.abort({ signal: {} as never })],
  [
    'INVALID_RUNTIME',
    /Give what a provisioner makes/,
    () => new Hosting().aggregate.addVersion('1.0.0', null as never),
  ],
  ['INVALID_RUNTIME', /Give it the id/, () => new Hosting().aggregate.addVersion('1.0.0', {} as never)],
  ['INVALID_RUNTIME', /Implement all methods/, () => new Hosting().aggregate.addVersion('1.0.0', { id: ID } as never)],
  [
    'RUNTIME_MISMATCH',
    /Provision it with the id of the aggregate/,
    () =>
      new Hosting().aggregate.addVersion('1.0.0', new ControllableRuntime({ id: 'other', version: '1.0.0' }) as never),
  ],
  ['DUPLICATE_VERSION', /Take it out with removeVersion\(\)/, addTwice],
  ['NO_SUCH_VERSION', /Add it with addVersion\(\)/, () => new Hosting().aggregate.removeVersion('1.0.0')],
  ['NO_SUCH_VERSION', /make it active or next with setVersion\(\)/, () => new Hosting().aggregate.version('1.0.0')],
  ['VERSION_IN_USE', /Name others with setVersion\(\) first/, () => removeWhile('running')],
  ['VERSION_IN_USE', /Wait for stop\(\) or setVersion\(\)/, () => removeWhile('stopping')],
  ['NO_ACTIVE_VERSION', /call start\(\), or name another one/, () => new Hosting().aggregate.getActiveVersion()],
  [
    'NO_ACTIVE_VERSION',
    /call start\(\), or name another one/,
    () => new Hosting({ waitTimeout: 0 }).aggregate.call('a'),
  ],
  ['TOO_MANY_WAITING_CALLS', /raise maxWaitingCalls/, () => new Hosting({ maxWaitingCalls: 0 }).aggregate.call('a')],
  ['VERSION_STOPPED', /Call again to reach the active version, or raise drainTimeout/, callCutOff],
  ['DISPOSED', /make a new one/, callDisposed],
  ['START_FAILED', /See the cause; if its host does not try again, name another version/, startThatThrows],
]

it.each(MESSAGES)('CUTOVER_%s says what to do: %s', async (code, remedy, provoke) => {
  const error = await rejectionOf(Promise.resolve().then(provoke))
  expect(error).toBeInstanceOf(CutoverError)
  expect(error).toMatchObject({ code: `CUTOVER_${code}`, message: expect.stringMatching(remedy) })
})

function addTwice(): void {
  const hosting = new Hosting()
  hosting.add('1.0.0')
  hosting.add('1.0.0')
}

async function removeWhile(state: 'running' | 'stopping'): Promise<void> {
  const hosting = new Hosting()
  await hosting.serve('1.0.0')
  if (state === 'stopping') void hosting.aggregate.setVersion(null)
  hosting.aggregate.removeVersion('1.0.0')
}

async function callCutOff(): Promise<unknown> {
  const hosting = new Hosting({ drainTimeout: 0 })
  await hosting.serve('1.0.0')
  const call = hosting.aggregate.call('a')
  void hosting.aggregate.setVersion(null)
  return call
}

function callDisposed(): Promise<unknown> {
  const hosting = new Hosting()
  void hosting.aggregate.dispose()
  return hosting.aggregate.call('a')
}

async function startThatThrows(): Promise<never> {
  const hosting = new Hosting()
  hosting.add('1.0.0').start = () => {
    throw new Error('no memory')
  }
  hosting.aggregate.start()
  await hosting.aggregate.setVersion('1.0.0')
  const [event] = hosting.raw
  throw event?.type === 'failedToStart' ? event.error : new Error('There was no failedToStart.')
}
