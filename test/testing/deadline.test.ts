import { describe, expect, it } from 'vitest'
import { Deadline } from '../../src/testing/deadline.js'
import { leftSince, resources } from '../fixtures/handles.js'
import { rejectionOf } from '../fixtures/hosting.js'

describe('Deadline', () => {
  it('A wait settles as its promise does', async () => {
    const deadline = new Deadline(60_000)
    const error = new Error('no')
    expect(await deadline.wait(Promise.resolve('yes'), 'an answer')).toBe('yes')
    expect(await rejectionOf(deadline.wait(Promise.reject(error), 'an answer'))).toBe(error)
  })

  it('A wait that settles removes its timer', async () => {
    const before = resources()
    const deadline = new Deadline(60_000)
    await deadline.wait(Promise.resolve(), 'a success')
    await rejectionOf(deadline.wait(Promise.reject(new Error('no')), 'a success'))
    expect(await leftSince(before)).toEqual([])
  })

  it('All waits share the time limit; the error names what did not happen', async () => {
    const deadline = new Deadline(20)
    const never = new Promise(() => {})
    const message = (what: string) => `Timed out waiting for ${what}. This case has 20 ms (option "timeout").`
    expect(await rejectionOf(deadline.wait(never, 'the first'))).toMatchObject({ message: message('the first') })
    expect(await rejectionOf(deadline.wait(never, 'the second'))).toMatchObject({ message: message('the second') })
  })

  it('A promise that is already settled wins, even after the deadline', async () => {
    const deadline = new Deadline(0)
    await rejectionOf(deadline.wait(new Promise(() => {}), 'the end'))
    expect(await deadline.wait(Promise.resolve('in time'), 'an answer')).toBe('in time')
  })
})
