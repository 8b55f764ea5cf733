import type { Aggregate } from 'cutover'
import { type Deployment, type FollowOptions, follow } from 'cutover/rollout'
import { NEVER, type Observable, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { Hosting, type LogLine, microtasks } from '../../fixtures/hosting.js'
import { randomFrom } from '../../fixtures/randomFrom.js'
import * as reference from './referenceModel.js'

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

/** An aggregate that follows a schedule in epochs. Each version starts and stops at once. */
class Following {
  readonly hosting = new Hosting()
  readonly lists$ = new Subject<readonly Deployment[]>()
  readonly now$ = new Subject<number>()
  readonly logs: LogLine[] = []
  readonly subscription

  constructor(versions: readonly string[] = ['1.0.0', '2.0.0', '3.0.0'], options: FollowOptions = {}) {
    const write = (level: LogLine['level']) => (object: object, message: string) => {
      this.logs.push({ level, object: object as Record<string, unknown>, message })
    }
    const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
    for (const version of versions) this.hosting.addWilling(version)
    this.aggregate.start()
    this.subscription = follow(this.aggregate, this.lists$, this.now$, { logger, ...options })
  }

  get aggregate(): Aggregate<string, string> {
    return this.hosting.aggregate
  }

  async list(...entries: readonly [version: string, validFrom: number][]): Promise<void> {
    this.lists$.next(entries.map(([version, validFrom]) => ({ version, validFrom })))
    await microtasks()
  }

  async now(epoch: number): Promise<void> {
    this.now$.next(epoch)
    await microtasks()
  }

  get pair(): string {
    const { active, next } = this.aggregate.status()
    return `${active} | ${next}`
  }

  faults(): string[] {
    return this.logs.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message)
  }
}

describe('An aggregate that follows a schedule', () => {
  it('starts each version in advance, makes it active when it is due, and lets those below it leave', async () => {
    const following = new Following(['0.9.0', '1.0.0', '2.0.0', '3.0.0'])
    await following.list(['1.0.0', 5], ['2.0.0', 20])
    await following.now(10)
    expect(following.pair).toBe('1.0.0 | null')
    expect(following.aggregate.versions()).toEqual(['1.0.0', '2.0.0', '3.0.0'])
    await following.now(17)
    expect(following.pair).toBe('1.0.0 | 2.0.0')
    await following.now(20)
    expect(following.pair).toBe('2.0.0 | null')
    expect(following.aggregate.versions()).toEqual(['2.0.0', '3.0.0'])
  })

  it('lets a first version wait as next until it is due', async () => {
    const following = new Following()
    await following.now(8)
    await following.list(['1.0.0', 10])
    expect(following.pair).toBe('null | 1.0.0')
    await following.now(10)
    expect(following.pair).toBe('1.0.0 | null')
    expect(following.hosting.runtimes[0]?.starts).toBe(1)
  })

  it('keeps the version that serves until the first one is due', async () => {
    const following = new Following(['1.0.0', '2.0.0'])
    await following.aggregate.setVersion('1.0.0')
    await following.now(0)
    await following.list(['2.0.0', 10])
    expect(following.pair).toBe('1.0.0 | null')
    await following.now(8)
    expect(following.pair).toBe('1.0.0 | 2.0.0')
    await following.now(10)
    expect(following.pair).toBe('2.0.0 | null')
    expect(following.faults()).toEqual([])
  })

  it('that has the first version in place already keeps it', async () => {
    const following = new Following(['2.0.0'])
    await following.aggregate.setVersion('2.0.0')
    await following.now(8)
    await following.list(['2.0.0', 10])
    expect(following.pair).toBe('2.0.0 | null')
    await following.now(10)
    expect([following.pair, following.faults()]).toEqual(['2.0.0 | null', []])
  })

  it('gets a version that is added only later as soon as it is there', async () => {
    const following = new Following([])
    await following.now(10)
    await following.list(['1.0.0', 10])
    expect(following.aggregate.status().postponed).toEqual(['1.0.0'])
    following.hosting.addWilling('1.0.0')
    expect(following.pair).toBe('1.0.0 | null')
  })

  it('is not led back by a clock that jumps back, and is only late after a sleep', async () => {
    const following = new Following(undefined, { maxFuture: 2 })
    await following.now(5)
    await following.list(['1.0.0', 5], ['2.0.0', 10], ['3.0.0', 20])
    await following.now(1_000)
    expect(following.pair).toBe('3.0.0 | null')
    await following.now(7)
    expect(following.pair).toBe('3.0.0 | null')
    expect(following.hosting.runtimes.map(({ starts }) => starts)).toEqual([1, 0, 1])
  })

  it('keeps the last good list when a wrong one comes, and says why', async () => {
    const following = new Following()
    await following.now(10)
    await following.list(['1.0.0', 5], ['2.0.0', 20])
    const wrong: readonly [string, number][][] = [
      [
        ['1.0.0', 5],
        ['2.0.0', 4],
      ],
      [
        ['1.0.0', 6],
        ['2.0.0', 20],
      ],
      [['2.0.0', 20]],
      [
        ['1.0.0', 5],
        ['1.5.0', 9],
        ['2.0.0', 20],
      ],
      [['1.0.0', 12]],
      [],
    ]
    for (const list of wrong) await following.list(...list)
    following.lists$.next('no list' as never)
    expect(following.faults()).toEqual(Array(7).fill('a list of deployments was refused: the last good one stays'))
    for (const { object } of following.logs.filter(({ level }) => level === 'error')) {
      expect(object).toMatchObject({ aggregate: 'markdown', err: { code: 'CUTOVER_INVALID_DEPLOYMENTS' } })
    }
    await following.now(20)
    expect(following.pair).toBe('2.0.0 | null')
  })

  it('takes a future deployment back, or puts it off', async () => {
    const following = new Following()
    await following.now(9)
    await following.list(['1.0.0', 5], ['2.0.0', 10])
    expect(following.pair).toBe('1.0.0 | 2.0.0')
    await following.list(['1.0.0', 5], ['2.0.0', 11])
    await following.now(10)
    expect(following.pair).toBe('1.0.0 | 2.0.0')
    await following.list(['1.0.0', 5], ['3.0.0', 50])
    expect(following.pair).toBe('1.0.0 | null')
  })

  it('is left alone until another version is due, so that a swap by hand stays', async () => {
    const following = new Following()
    await following.now(9)
    await following.list(['1.0.0', 5], ['2.0.0', 10])
    await following.aggregate.swap()
    await following.now(9.5)
    await following.list(['1.0.0', 5], ['2.0.0', 10])
    expect(following.pair).toBe('2.0.0 | 1.0.0')
  })

  it('is left alone by a list that is empty from the beginning, by what is no time, and by a stream that fails or ends', async () => {
    const following = new Following()
    await following.aggregate.setVersion('1.0.0')
    await following.list()
    await following.now(1)
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, '7', null]) following.now$.next(now as number)
    following.lists$.error(new Error('the file is gone'))
    following.now$.complete()
    expect(following.pair).toBe('1.0.0 | null')
    expect(following.faults()).toEqual([
      'now$ emitted no finite number: ignored, said once',
      'deployments$ failed: it changes nothing any more',
    ])
  })

  it('keeps its versions when nobody follows the schedule any more', async () => {
    const following = new Following()
    await following.now(5)
    await following.list(['1.0.0', 5], ['2.0.0', 10])
    following.subscription.unsubscribe()
    await following.now(10)
    expect(following.pair).toBe('1.0.0 | null')
    expect([following.lists$.observed, following.now$.observed]).toEqual([false, false])
  })

  it('ends the subscription when it is disposed', async () => {
    const following = new Following()
    await following.now(5)
    await following.list(['1.0.0', 5])
    await following.aggregate.dispose()
    expect(following.subscription.closed).toBe(true)
    expect([following.lists$.observed, following.now$.observed]).toEqual([false, false])
    expect(following.faults()).toEqual([])
  })

  it(`has the versions of the reference after random lists and clocks (SEED=${SEED})`, async () => {
    const random = randomFrom(SEED)
    for (let walk = 0; walk < 150; walk++) {
      const following = new Following([])
      let current: readonly reference.Go[] = []
      let largest = 0
      await following.now(0)
      for (let step = 0; step < 12; step++) {
        if (random() < 0.5) {
          const now = largest + Math.floor(random() * 8) - 3
          largest = Math.max(largest, now)
          following.now$.next(now)
        } else {
          const list = reference.randomUpdate(current, random)
          if (reference.isValidUpdate(current, list, largest)) current = list
          following.lists$.next(list.map(its => ({ version: reference.text(its), validFrom: its.validFrom })))
        }
        const expected = reference.hostedVersions(current, largest)
        // In Go the next version would become active before it is due.
        expect(following.aggregate.status().wanted, `walk ${walk}, step ${step}`).toEqual(expected)
      }
      following.subscription.unsubscribe()
    }
  })
})

it.each<[string, () => unknown]>([
  ['target', () => follow({} as Aggregate, NEVER, NEVER)],
  ['deployments$', () => follow(new Hosting().aggregate, {} as Observable<never>, NEVER)],
  ['now$', () => follow(new Hosting().aggregate, NEVER, null as unknown as Observable<never>)],
  ['prewarm', () => follow(new Hosting().aggregate, NEVER, NEVER, { prewarm: -1 })],
  ['logger', () => follow(new Hosting().aggregate, NEVER, NEVER, { logger: {} as never })],
])('An invalid %s is refused, and nothing is followed', (name, run) => {
  expect(run).toThrow(
    expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }),
  )
})
