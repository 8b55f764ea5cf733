import { CutoverError } from 'cutover'
import { describe, expect, it } from 'vitest'
import { Hosting, rejectionOf } from '../fixtures/hosting.js'

const WHAT_TO_DO = 'Add it with addVersion(), or make it active or next with setVersion().'

type Act = (hosting: Hosting) => unknown

/** With 1.0.0 active, 2.0.0 next and 3.0.0 neither: what is asked for, and what is said of it. */
const REFUSALS: readonly (readonly [string, Act, string])[] = [
  [
    'an unknown version is removed',
    ({ aggregate }) => aggregate.removeVersion('9.0.0'),
    `Version 9.0.0 is not in the aggregate. ${WHAT_TO_DO}`,
  ],
  [
    'the active version is removed',
    ({ aggregate }) => aggregate.removeVersion('1.0.0'),
    'Version 1.0.0 is the wanted active version. Name others with setVersion() first.',
  ],
  [
    'the next version is removed',
    ({ aggregate }) => aggregate.removeVersion('2.0.0'),
    'Version 2.0.0 is the wanted next version. Name others with setVersion() first.',
  ],
  [
    'the runtime of a version is asked for that is neither active nor next',
    ({ aggregate }) => aggregate.version('3.0.0'),
    `Version 3.0.0 is neither active nor next. ${WHAT_TO_DO}`,
  ],
  [
    'a version is waited for that is not wanted',
    ({ aggregate }) => aggregate.whenRunning({ version: '3.0.0' }),
    `Version 3.0.0 is neither active nor next, nor wanted. ${WHAT_TO_DO}`,
  ],
  [
    'the active version is asked for and there is none',
    () => new Hosting().aggregate.getActiveVersion(),
    'No version is active. Add the wanted version and call start(), or name another one with setVersion().',
  ],
]

describe('a refusal says what happened, to which version, and what to do', () => {
  it.each(REFUSALS)('When %s', async (_, act, message) => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    hosting.add('2.0.0')
    hosting.add('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const refusal = await rejectionOf((async () => act(hosting))())
    expect(refusal).toBeInstanceOf(CutoverError)
    expect(refusal).toMatchObject({ message })
  })
})
