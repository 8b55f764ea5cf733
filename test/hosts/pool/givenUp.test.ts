import { pool, workerThread } from 'cutover/hosts'
import { expect, it } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { guestFile } from '../../fixtures/remoteHost.js'

const one = workerThread({ module: guestFile('held') })

it.each([
  ['a pool', pool(one, { size: 2, concurrency: 1 })],
  ['a pool of pools', pool(pool(one, { size: 1, concurrency: 1 }), { size: 2, concurrency: 1 })],
])(
  'In %s, a call that is given up keeps its place until its module has answered: no other call waits behind it',
  async (_, threads) => {
    const held: (() => void)[] = []
    let onHeld = () => {}
    /** Resolves when so many calls are held. */
    const heldAtOnce = (count: number) =>
      new Promise<void>(resolve => {
        onHeld = () => held.length === count && resolve()
        onHeld()
      })
    const runtime = threads.provision<string, number>({
      id: 'held',
      version: '1.0.0',
      onHostRequest: request => {
        if (request !== 'hold') return undefined
        return new Promise<void>(resolve => {
          held.push(resolve)
          onHeld()
        })
      },
    })
    runtime.start()
    const controller = new AbortController()
    const givenUp = runtime.call('hold', { signal: controller.signal })
    await heldAtOnce(1)
    controller.abort('too long')
    expect(await rejectionOf(givenUp)).toBe('too long')

    const answers: number[] = []
    for (let i = 0; i < 4; i++) answers.push(await runtime.call('a'))
    expect(new Set(answers).size).toBe(1)

    held.splice(0)[0]?.()
    const both = [runtime.call('hold'), runtime.call('hold')]
    await heldAtOnce(2)
    for (const release of held) release()
    expect(new Set(await Promise.all(both)).size).toBe(2)
    await runtime.stop()
  },
)
