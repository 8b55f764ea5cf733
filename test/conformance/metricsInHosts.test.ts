import { Aggregate, type MirroredOutcomes } from 'cutover'
import { childProcess, inProcess, workerThread } from 'cutover/hosts'
import { expect, it, onTestFinished } from 'vitest'
import { guestFile } from '../fixtures/remoteHost.js'

const HOSTS = { inProcess, workerThread, childProcess } as const
type Kind = keyof typeof HOSTS

it.each(Object.keys(HOSTS) as Kind[])(
  'S32: calls in flight when a runtime restarts have failed, propagated ones too, %s',
  async kind => {
    let hear = (_: MirroredOutcomes) => {}
    const heard = new Promise<MirroredOutcomes>(resolve => {
      hear = resolve
    })
    const aggregate = new Aggregate({
      id: 'roles',
      propagate: () => true,
      onMirrored: pair => hear(pair),
      durations: true,
    })
    onTestFinished(() => aggregate.dispose())
    const one = inProcess({ module: { call: () => 'answer' } })
    const two = HOSTS[kind]({ module: guestFile('roles'), minBackoff: 20, jitter: 0 })
    aggregate.addVersion('1.0.0', one.provision({ id: 'roles', version: '1.0.0' }))
    aggregate.addVersion('2.0.0', two.provision({ id: 'roles', version: '2.0.0' }))
    aggregate.start()
    await aggregate.setVersion('1.0.0', '2.0.0')
    await aggregate.whenRunning({ version: '2.0.0' })

    const pinned = aggregate.call({ do: 'untilLeaving' }, { version: '2.0.0' })
    expect(await aggregate.call({ do: 'untilLeaving' })).toBe('answer')
    const lost = expect(pinned).rejects.toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    await aggregate.version('2.0.0').abort({ force: true })
    await lost
    expect(await heard).toMatchObject({
      active: { version: '1.0.0', value: 'answer' },
      next: { version: '2.0.0', reason: { code: 'CUTOVER_RUNTIME_LOST' } },
    })
    const [first, second] = aggregate.metrics().versions
    const failures = { CUTOVER_RUNTIME_LOST: 1 }
    expect(first).toMatchObject({ calls: 1, answered: 1, restarts: 0, durations: { count: 1 } })
    expect(second).toMatchObject({ restarts: 1, pinned: { calls: 1, failures }, mirrored: { calls: 1, failures } })
  },
)
