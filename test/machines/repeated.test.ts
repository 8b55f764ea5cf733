import { type CapabilityFacts, isRepeated, type VersionEvent, versionMachine } from 'cutover/machines'
import { expect, it } from 'vitest'
import { initialTransition, transition } from 'xstate'

const INPUT = { version: '1.0.0', drainTimeout: 5_000, stopTimeout: 30_000 }
const facts = (hardware: string): CapabilityFacts => ({ hardware, rak: '01', attestation: null })
const CAPABILITIES = [null, facts('sgx'), facts('tdx')]

/** One way into every state. */
const WAYS: readonly (readonly VersionEvent['type'][])[] = [
  [],
  ['start'],
  ['start', 'host.started'],
  ['start', 'host.started', 'host.stopped'],
  ['start', 'host.started', 'stop'],
  ['start', 'host.started', 'stop', 'drained'],
  ['start', 'host.started', 'stop', 'drained', 'host.stopped'],
]

const eventOf = (type: VersionEvent['type'], capability: CapabilityFacts | null) =>
  ({ type, capability }) as unknown as VersionEvent

it.each(WAYS)('What is repeated after %s %s %s %s %s changes nothing', (...way) => {
  for (const capability of CAPABILITIES) {
    let [state] = initialTransition(versionMachine, INPUT)
    for (const type of way) [state] = transition(versionMachine, state, eventOf(type, capability))
    const repeated = CAPABILITIES.map(its => eventOf('host.updated', its)).filter(event =>
      isRepeated(state.context, event),
    )
    expect(repeated).toHaveLength(1)
    for (const event of repeated) {
      const [next, actions] = transition(versionMachine, state, event)
      expect([next.value, next.context, actions]).toEqual([state.value, state.context, []])
    }
  }
})

it('Only an update can be repeated: a host that starts, stops or fails once more is heard', () => {
  const { context } = initialTransition(versionMachine, INPUT)[0]
  const others = (['host.started', 'host.stopped', 'host.ended', 'stop'] as const).map(type => eventOf(type, null))
  expect(others.filter(event => isRepeated(context, event))).toEqual([])
})
