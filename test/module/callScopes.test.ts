import { expect, it } from 'vitest'
import { CallScope, CallScopes } from '../../src/module/callScopes.js'

it('A call that reads its signal after it was interrupted gets the reason', () => {
  const calls = new CallScopes()
  const scope = new CallScope(calls, undefined)
  const reason = new Error('enough')
  calls.interrupt(reason)
  expect(scope.signal.aborted).toBe(true)
  expect(scope.signal.reason).toBe(reason)
  const later = new CallScope(calls, undefined)
  expect(later.signal.aborted).toBe(false)
})
