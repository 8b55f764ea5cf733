import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const LOST = 'CUTOVER_RUNTIME_LOST'
const MEGABYTE = 1024 * 1024

/** The outcome of the greedy call, and of the one after it. */
interface Outcome {
  readonly deed: string
  readonly code?: string
  readonly message?: string
  readonly value?: string
  /** The memory of the host after it, in bytes. */
  readonly heapUsed: number
  readonly external: number
  readonly next: string
}

const TOO_MANY_ITEMS = /more than 1000000 items \(maxMessageItems\)/
const TOO_MANY_REQUESTS = /more than 33554432 bytes \(maxHostRequestBytes\)/
const UNREAD = /does not read: more than 67108864 bytes \(maxBufferedBytes\)/
/** Of each deed why its guest is ended. */
const ENDED = {
  emptyMaps: TOO_MANY_ITEMS,
  emptyArrays: TOO_MANY_ITEMS,
  emptyBytes: TOO_MANY_ITEMS,
  numbers: TOO_MANY_ITEMS,
  nestedArrays: TOO_MANY_ITEMS,
  keysThatAreNumbers: TOO_MANY_ITEMS,
  halfFloats: TOO_MANY_ITEMS,
  unsortedKeys: TOO_MANY_ITEMS,
  inAnotherOrder: TOO_MANY_ITEMS,
  moreThanItSays: /14000000 items cannot fit in 1\d{7} bytes/,
  requests: TOO_MANY_REQUESTS,
  requestsAndStopsReading: TOO_MANY_REQUESTS,
  requestsOfManyItems: TOO_MANY_REQUESTS,
  requestsOfAnyKind: TOO_MANY_REQUESTS,
  answersUnread: UNREAD,
  // A refusal repeats 80 characters of a kind at most, so those of 300 megabytes take nothing, and a ping is in vain.
  refusalsUnread: /did not answer a ping/,
}

describe('A guest that wants the memory of its host, whose heap has 64 MB', () => {
  const outcomes = new Map<string, Outcome>()
  const outcomeOf = (deed: string) => outcomes.get(deed) as Outcome

  beforeAll(async () => {
    const host = new URL('../../fixtures/processes/hostOfGreedy.mjs', import.meta.url).pathname
    const deeds = [...Object.keys(ENDED), 'manyErrors', 'tooDeep', 'askTooDeep']
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=64', host, ...deeds])
    for (const line of stdout.trim().split('\n')) {
      const outcome = JSON.parse(line) as Outcome
      outcomes.set(outcome.deed, outcome)
    }
  }, 120_000)

  it.each(Object.entries(ENDED))('is ended, and launched again, for %s', (deed, why) => {
    expect(outcomeOf(deed)).toMatchObject({ code: LOST, message: expect.stringMatching(why), next: 'next' })
    // A guest that asks for much has 32 MiB, one message more, and what is on its way.
    expect(outcomeOf(deed).heapUsed + outcomeOf(deed).external).toBeLessThan(150 * MEGABYTE)
  })

  it('gets an error for what it asks when that is nested too deep, and no other call suffers', () => {
    expect(outcomeOf('askTooDeep')).toMatchObject({ value: 'string', next: 'next' })
  })

  it('loses the one call that it answers with what is nested too deep', () => {
    const message = 'The answer of version 1.0.0 cannot be read: it is nested more than 1000 levels deep.'
    expect(outcomeOf('tooDeep')).toMatchObject({ code: 'CUTOVER_INVALID_ANSWER', message, next: 'next' })
  })

  it('may reject with 400,000 errors in one: so many are not made', () => {
    expect(outcomeOf('manyErrors')).toMatchObject({ message: 'many', next: 'next' })
  })
})
