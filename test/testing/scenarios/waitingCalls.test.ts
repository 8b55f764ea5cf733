import { expect, it } from 'vitest'
import type { ModelState } from '../../../src/testing/scenarios/steps.js'
import { isSettledLater } from '../../../src/testing/scenarios/waitingCalls.js'

/** States by their inner state, their active version, and the state of that version. */
function stateOf(text: string): ModelState {
  const [inner = '', active, its] = text.split(' ')
  const outer = inner === 'disposing' ? 'stopping' : 'running'
  const versions = active === undefined ? {} : { [active]: its }
  return { value: { [outer]: inner }, context: { active: active ?? null, versions } } as unknown as ModelState
}

it.each<[string, readonly string[], boolean]>([
  ['the next version is running at once', ['settled', 'settled 1 running'], true],
  ['the next version starts later', ['settled', 'settled 1 starting', 'settled 1 running'], true],
  ['the next version never starts', ['settled', 'settled 1 starting'], false],
  [
    'the next version leaves first, and starts when it is added again',
    ['settled', 'settled 1 starting', 'stoppingActive 1 stopping', 'settled 1 running'],
    true,
  ],
  ['the next version runs, then leaves', ['settled', 'settled 1 running', 'stoppingActive 1 stopping'], true],
  ['no version is ever active', ['settled', 'settled'], false],
  ['the aggregate is disposed of', ['settled', 'disposing'], true],
])('Whether a waiting call settles: %s', (_, texts, settles) => {
  const states = texts.map(stateOf)
  const [now, ...rest] = states as [ModelState, ...ModelState[]]
  const steps = rest.map((to, i) => ({ event: { type: 'start' } as const, from: states[i] as ModelState, to }))
  expect(isSettledLater(now, steps)).toBe(settles)
})
