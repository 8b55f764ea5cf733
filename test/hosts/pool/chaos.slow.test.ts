import { setImmediate } from 'node:timers/promises'
import { Aggregate, isCutoverError, type Runtime } from 'cutover'
import { childProcess, type Provisioner, pool, type RuntimeConfig } from 'cutover/hosts'
import { expect, it } from 'vitest'
import { type Direct, ENDPOINT } from '../../../src/calls/index.js'
import { leftSince, resources } from '../../fixtures/handles.js'
import { randomFrom } from '../../fixtures/randomFrom.js'
import { guestFile } from '../../fixtures/remoteHost.js'
import { gone, isAlive, socketDirectories } from '../../fixtures/system.js'

/** 200 in the long form: `FAULTS=200`. */
const FAULTS = Number(process.env['FAULTS'] ?? 20)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const SIZE = 4
const IN_FLIGHT = 64
/** Settled calls between two faults, at most. */
const LONGEST_PAUSE = 600

interface Request {
  readonly id: number
  readonly delay: number
}
interface Answer {
  readonly id: number
  readonly pid: number
}
type Instance = Runtime<Request, Answer> & Direct<Request, Answer>

/** An aggregate of pools of processes under load, whose processes are killed and suspended. */
class Chaos {
  readonly wrong: unknown[] = []
  readonly pids = new Set<number>()
  readonly counts = { sent: 0, answered: 0, lost: 0, SIGKILL: 0, SIGSTOP: 0, switches: 0 }
  /** The processes that were hit. */
  readonly #hit = new Set<number>()
  /** The process of each instance, and of each call. */
  readonly #pidOf = new Map<string, number>()
  readonly #pidOfCall = new Map<number, number | undefined>()
  readonly #random = randomFrom(SEED)
  readonly #end = new AbortController()
  readonly #processes = childProcess({
    module: guestFile('instance'),
    minBackoff: 20,
    maxBackoff: 100,
    watchdogInterval: 100,
    // A process that was not hit must answer in time, on a slow machine too.
    watchdogTimeout: 2_000,
    shutdownTimeout: 200,
    killTimeout: 200,
  })
  readonly #pools = pool(this.#noting(), { size: SIZE, ready: 2, concurrency: 12 })
  readonly #aggregate = new Aggregate<Request, Answer>({ id: 'chaos', drainTimeout: 60_000, stopTimeout: 30_000 })
  #pause = { left: 0, end: () => {} }
  #lastVersion = 0

  async run(): Promise<void> {
    this.#aggregate.start()
    await this.#switch()
    await this.#aggregate.whenRunning()
    const lanes = Array.from({ length: IN_FLIGHT }, () => this.#lane())
    let switched: Promise<unknown> = Promise.resolve()
    for (let i = 0; i < FAULTS; i++) {
      this.#signal(this.#random() < 0.75 ? 'SIGKILL' : 'SIGSTOP')
      if (i % 10 === 5) switched = switched.then(() => this.#switch())
      // Cubed: many come soon after each other, before anything has recovered.
      await this.#settled(Math.floor(LONGEST_PAUSE * this.#random() ** 3))
    }
    this.#end.abort()
    await Promise.all([...lanes, switched])
    await this.#aggregate.dispose()
  }

  /** Notes the process of each instance, and of each call. */
  #noting(): Provisioner {
    const provision = <Req, Res>(config: RuntimeConfig) => {
      const key = `${config.version} ${config.instance}`
      const onHostRequest = (request: unknown) => {
        const { pid } = request as { pid: number }
        this.#pidOf.set(key, pid)
        this.pids.add(pid)
      }
      const runtime = this.#processes.provision({ ...config, onHostRequest }) as Instance
      const own = runtime[ENDPOINT].bind(runtime)
      runtime[ENDPOINT] = (...tables) => {
        const endpoint = own(...tables)
        const note = (id: number) => this.#pidOfCall.set(id, this.#pidOf.get(key))
        return {
          get givenUp() {
            return endpoint.givenUp ?? 0
          },
          get callee() {
            const { callee } = endpoint
            return (
              callee &&
              ({ call: (request, options) => note(request.id) && callee.call(request, options) } as typeof callee)
            )
          },
        }
      }
      return runtime as unknown as Runtime<Req, Res>
    }
    return { name: 'noting', provision }
  }

  async #lane(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await this.#send(this.counts.sent++)
      if (--this.#pause.left <= 0) this.#pause.end()
    }
  }

  async #send(id: number): Promise<void> {
    try {
      const answer = await this.#aggregate.call({ id, delay: id % 8 === 0 ? 20 : 1 })
      this.counts.answered++
      if (answer.id !== id || answer.pid !== this.#pidOfCall.get(id)) this.wrong.push({ id, answer })
    } catch (error) {
      this.counts.lost++
      const wasHit = this.#hit.has(this.#pidOfCall.get(id) ?? 0)
      if (!isCutoverError(error, 'CUTOVER_RUNTIME_LOST') || !wasHit) this.wrong.push(error)
      // A caller that is refused at once must yield: other work needs the event loop.
      await setImmediate()
    }
    this.#pidOfCall.delete(id)
  }

  /** Resolves when this many calls have settled from now on. */
  #settled(calls: number): Promise<void> {
    return new Promise(resolve => {
      this.#pause = { left: calls, end: resolve }
    })
  }

  #signal(signal: 'SIGKILL' | 'SIGSTOP'): void {
    const running = [...this.#pidOf.values()].filter(isAlive)
    const pid = running[Math.floor(this.#random() * running.length)]
    if (pid === undefined) return
    this.#hit.add(pid)
    this.counts[signal]++
    process.kill(pid, signal)
  }

  async #switch(): Promise<void> {
    const version = `1.${this.#lastVersion++}.0`
    this.#aggregate.addVersion(version, this.#pools.provision({ id: 'chaos', version }))
    const before = this.#aggregate.status().active
    if (before !== null) {
      await this.#aggregate.setVersion(before, version)
      await this.#aggregate.whenRunning({ version })
    }
    await this.#aggregate.setVersion(version)
    this.counts.switches++
  }
}

it(`Through ${FAULTS} kills and suspensions of four processes a call fails only if its own process was hit`, async () => {
  console.info(`pool chaos: seed ${SEED}; run it again with SEED=${SEED} FAULTS=${FAULTS}`)
  const before = resources()
  const chaos = new Chaos()
  await chaos.run()
  console.info(`pool chaos: ${JSON.stringify(chaos.counts)}, ${chaos.pids.size} processes`)
  const { sent, answered, lost } = chaos.counts
  expect(chaos.wrong).toEqual([])
  expect(answered + lost).toBe(sent)
  expect(answered).toBeGreaterThan(lost)
  await gone(chaos.pids)
  expect(await leftSince(before)).toEqual([])
  expect(socketDirectories(process.pid)).toEqual([])
}, 600_000)
