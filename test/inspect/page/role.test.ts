import { describe, expect, it } from 'vitest'
import type { ActorSnapshot } from '../../../src/inspect/page/data/receivedMessage.js'
import { describeRole, roleOf, shortRole } from '../../../src/inspect/page/data/role.js'
import { Store } from '../../../src/inspect/page/data/store.js'
import type { Recorded } from '../../fixtures/inspect/collector.js'
import { recordRollout } from '../../fixtures/inspect/recordRollout.js'

/** The role of version 2 in an aggregate with this context. */
function roleIn(context: unknown, snapshot: ActorSnapshot = { value: 'running' }, aggregate = 'aggregate a') {
  const store = new Store()
  const [type, createdAt] = ['@xstate.actor' as const, '1']
  store.apply({ type, createdAt, sessionId: 'a', name: aggregate, snapshot: { context } })
  store.apply({ type, createdAt, sessionId: 'v', name: 'version 2', parentId: 'a', snapshot })
  const actor = store.actors.get('v')
  return actor && roleOf(actor, store)
}

describe('The role of a version in the page', () => {
  it('follows a real rollout: next, next with a share, active, and next again', async () => {
    const { shared, swapped, back } = await recordRollout()
    const store = new Store()
    const roles = () => [...store.actors.values()].map(actor => roleOf(actor, store)).map(it => it && shortRole(it))
    const play = (messages: readonly Recorded[]) => {
      for (const message of messages) store.apply(message as never)
      return roles()
    }
    expect(play(shared)).toEqual([undefined, 'active', 'next 10 %'])
    expect(play(swapped)).toEqual([undefined, 'next', 'active'])
    expect(play(back)).toEqual([undefined, 'active', 'next'])
  })

  it('is that of the context of the aggregate, and leaving while the version stops', () => {
    expect(roleIn({ active: '1', next: '2', share: 10 })).toEqual({ name: 'next', share: 10 })
    expect(roleIn({ active: '1', next: '2' })).toEqual({ name: 'next', share: 0 })
    expect(roleIn({ active: '2', next: '1', share: 10 })).toEqual({ name: 'active', share: 0 })
    expect(roleIn({ active: '1', next: null, leaving: '2' })).toEqual({ name: 'leaving', share: 0 })
    for (const stopping of ['draining', 'terminating']) {
      expect(roleIn({ active: '2', next: null }, { value: { stopping } })).toEqual({ name: 'leaving', share: 0 })
    }
  })

  it('is absent for a version that is not in place, has stopped, or has no known aggregate', () => {
    expect(roleIn({ active: '1', next: '3' })).toBeUndefined()
    expect(roleIn({ active: '2' }, { status: 'stopped' })).toBeUndefined()
    expect(roleIn({ active: '2' }, {}, 'other a')).toBeUndefined()
    for (const context of [undefined, null, 7, '[truncated]', []]) expect(roleIn(context)).toBeUndefined()
  })

  it('names the whole percentage in words, and a short one in little room', () => {
    const role = { name: 'next', share: 100 / 3 } as const
    expect([shortRole(role), describeRole(role)]).toEqual([
      'next 33.3… %',
      'next, with 33.333333333333336 % of new calls',
    ])
    expect([shortRole({ name: 'active', share: 0 }), describeRole({ name: 'active', share: 0 })]).toEqual([
      'active',
      'active',
    ])
  })
})
