import { describe, expect, it } from 'vitest'
import { Deadline } from '../../src/http/deadline.js'

describe('The deadline of a request whose response was sent', () => {
  it('serves the next request, and no two at once', () => {
    const first = Deadline.begin()
    const second = Deadline.begin()
    expect(second).not.toBe(first)
    first.end()
    expect(Deadline.begin()).toBe(first)
    expect(Deadline.begin()).not.toBe(first)
  })

  it('serves no other once its signal has fired', () => {
    const deadline = Deadline.begin()
    deadline.abort(new Error('The client has gone away.'))
    deadline.end()
    const next = Deadline.begin()
    expect(next).not.toBe(deadline)
    expect(next.why).toBeUndefined()
  })

  it('serves no other while somebody listens to its signal, as a call does that was propagated', () => {
    const deadline = Deadline.begin()
    deadline.signal.addEventListener('abort', () => {})
    deadline.end()
    expect(Deadline.begin()).not.toBe(deadline)
  })
})
