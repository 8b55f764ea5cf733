import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Aggregate, isCutoverError } from 'cutover'
import { childProcess } from 'cutover/hosts'
import { afterAll, expect, it } from 'vitest'
import { leftSince, resources } from '../../fixtures/handles.js'
import { randomFrom } from '../../fixtures/randomFrom.js'
import { guestFile } from '../../fixtures/remoteHost.js'
import { gone, isAlive, socketDirectories } from '../../fixtures/system.js'

/** `FAULTS=200` for the long form. */
const FAULTS = Number(process.env['FAULTS'] ?? 60)
const IN_FLIGHT = 64
/** Settled calls between two faults, at most. */
const LONGEST_PAUSE = 600
/** A process that comes up counts as so many settled calls: faults are to meet those that just start as well. */
const ARRIVAL = 200
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)

interface Request {
  readonly id: number
  readonly delay: number
  /** It is executed, and its answer is nested too deep. */
  readonly answersNested?: boolean
  readonly given?: unknown
}
interface Answer {
  readonly id: number
  readonly version: string
}

/** An aggregate of process runtimes that is under load, and to which terrible things happen. */
class Chaos {
  readonly answers: { readonly id: number; readonly answer: Answer }[] = []
  readonly refusals = new Map<string, number>()
  readonly pids = new Map<string, number>()
  readonly allPids = new Set<number>()
  readonly faults = new Map<string, number>()
  sent = 0
  /** How many calls have to settle before the next fault, and what goes on then. */
  #pause = { left: 0, end: () => {} }
  /** Calls that cannot be answered. */
  readonly #bad: Promise<void>[] = []
  readonly #journal: string
  readonly #random = randomFrom(SEED)
  readonly #end = new AbortController()
  readonly #provisioner = childProcess({
    module: guestFile('chaotic'),
    minBackoff: 20,
    maxBackoff: 100,
    startTimeout: 2_000,
    watchdogInterval: 100,
    watchdogTimeout: 200,
    shutdownTimeout: 200,
    killTimeout: 200,
  })
  readonly #aggregate = new Aggregate<Request, Answer>({
    id: 'chaos',
    drainTimeout: 100,
    stopTimeout: 5_000,
    waitTimeout: 5_000,
  })
  #lastVersion = 0

  constructor(journal: string) {
    this.#journal = journal
  }

  async run(): Promise<void> {
    const [first, second] = [this.#add(), this.#add()]
    this.#aggregate.start()
    await this.#aggregate.setVersion(first, second)
    await this.#aggregate.whenRunning()
    const lanes = Array.from({ length: IN_FLIGHT }, () => this.#lane())
    for (let i = 0; i < FAULTS; i++) {
      this.#fault()
      // Cubed: many come soon after each other, before anything has recovered.
      await this.#settled(Math.floor(LONGEST_PAUSE * this.#random() ** 3))
    }
    this.#end.abort()
    await Promise.all([...lanes, ...this.#bad])
    await this.#aggregate.dispose()
  }

  async #lane(): Promise<void> {
    while (!this.#end.signal.aborted) {
      const id = this.sent++
      await this.#send({ id, delay: id % 8 === 0 ? 20 : 1 })
      this.#count(1)
    }
  }

  async #send(request: Request): Promise<void> {
    try {
      const answer = await this.#aggregate.call(request)
      this.answers.push({ id: request.id, answer })
    } catch (error) {
      const code = isCutoverError(error) ? error.code : String(error)
      this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
      // A caller that is refused at once must yield: other work needs the event loop.
      await setImmediate()
    }
  }

  /** Resolves when this many calls have settled from now on, or when none can be answered before something else happens. */
  #settled(calls: number): Promise<void> {
    if (this.#aggregate.status().active === null) return setImmediate()
    return new Promise(resolve => {
      this.#pause = { left: calls, end: resolve }
      this.#count(0)
    })
  }

  #count(calls: number): void {
    this.#pause.left -= calls
    if (this.#pause.left <= 0) this.#pause.end()
  }

  #add(): string {
    const version = `1.${this.#lastVersion++}.0`
    const onHostRequest = (request: unknown) => {
      const { pid } = request as { pid: number }
      this.pids.set(version, pid)
      this.allPids.add(pid)
      this.#count(ARRIVAL)
    }
    const localConfig = { journal: this.#journal }
    const runtime = this.#provisioner.provision<Request, Answer>({ id: 'chaos', version, localConfig, onHostRequest })
    this.#aggregate.addVersion(version, runtime)
    return version
  }

  #fault(): void {
    const { active, next } = this.#aggregate.status()
    const kinds = {
      'SIGKILL of the active': () => this.#signal(active, 'SIGKILL'),
      'SIGKILL of the next': () => this.#signal(next, 'SIGKILL'),
      'SIGSTOP of either': () => this.#signal(this.#random() < 0.5 ? active : next, 'SIGSTOP'),
      abort: () => void this.#aggregate.abort({ force: this.#random() < 0.5 }).catch(() => {}),
      add: () => void this.#add(),
      remove: () => this.#remove(),
      'an answer that cannot be sent': () => this.#sendBad({ answersNested: true }),
      'a request that cannot be sent': () => this.#sendBad({ given: () => {} }),
      setVersion: () => this.#setVersion(this.#any(), this.#any()),
      'add and switch': () => this.#setVersion(next ?? this.#add(), this.#add()),
    }
    const names = Object.keys(kinds) as (keyof typeof kinds)[]
    const name = names[Math.floor(this.#random() * names.length)] ?? 'add'
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1)
    kinds[name]()
  }

  /** All other calls of its process go on. */
  #sendBad(how: Partial<Request>): void {
    this.#bad.push(this.#send({ id: this.sent++, delay: 1, ...how }))
  }

  /** A version that was leaving just then is gone afterwards: nobody is active until the next one is set. */
  #setVersion(active: string, next: string): void {
    const settled = this.#aggregate.setVersion(active, next)
    settled.then(
      pair => this.#count(pair.active === null ? LONGEST_PAUSE : 0),
      () => {},
    )
  }

  #any(): string {
    const versions = this.#aggregate.versions()
    return versions[Math.floor(this.#random() * versions.length)] ?? this.#add()
  }

  #remove(): void {
    try {
      this.#aggregate.removeVersion(this.#any())
    } catch (error) {
      if (!isCutoverError(error, 'CUTOVER_VERSION_IN_USE')) throw error
    }
  }

  #signal(version: string | null, signal: NodeJS.Signals): void {
    const pid = this.pids.get(version ?? '')
    if (pid !== undefined && isAlive(pid)) process.kill(pid, signal)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'chaos-'))
afterAll(() => rmSync(folder, { recursive: true }))

const openFiles = () => readdirSync('/proc/self/fd').length
const listeners = () => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)

it(`Through ${FAULTS} faults every call settles, is executed at most once, and nothing is left behind`, async () => {
  console.info(`chaos: seed ${SEED}; run it again with CHAOS_SEED=${SEED}`)
  const journal = join(folder, 'journal')
  writeFileSync(journal, '')
  const before = { files: openFiles(), listeners: listeners() }
  const resourcesBefore = resources()
  const chaos = new Chaos(journal)
  await chaos.run()

  const refused = [...chaos.refusals.values()].reduce((sum, count) => sum + count, 0)
  expect(chaos.answers.length + refused).toBe(chaos.sent)
  const executions = new Map<number, string[]>()
  for (const line of readFileSync(journal, 'utf8').trimEnd().split('\n')) {
    const [id = '', version = ''] = line.split(' ')
    executions.set(Number(id), [...(executions.get(Number(id)) ?? []), version])
  }
  expect([...executions].filter(([, versions]) => versions.length > 1)).toEqual([])
  const wrong = chaos.answers.filter(({ id, answer }) => answer.id !== id || executions.get(id)?.[0] !== answer.version)
  expect(wrong).toEqual([])
  expect([...chaos.refusals.keys()].filter(code => !EXPECTED.has(code))).toEqual([])
  expect(chaos.answers.length).toBeGreaterThan(refused)

  await gone(chaos.allPids)
  expect(await leftSince(resourcesBefore)).toEqual([])
  expect(socketDirectories(process.pid)).toEqual([])
  expect({ files: openFiles(), listeners: listeners() }).toEqual(before)
  console.info(
    `chaos: ${chaos.sent} calls, ${chaos.answers.length} answered, refused ${JSON.stringify([...chaos.refusals])}, ` +
      `${chaos.allPids.size} processes, faults ${JSON.stringify([...chaos.faults])}`,
  )
})

/**
 * The codes of refused calls: the process was killed, the work was aborted, the version was removed, no version came up, or
 * the request could not be sent.
 */
const EXPECTED = new Set([
  'CUTOVER_ABORTED',
  'CUTOVER_RUNTIME_LOST',
  'CUTOVER_VERSION_STOPPED',
  'CUTOVER_START_FAILED',
  'CUTOVER_NO_ACTIVE_VERSION',
  'CUTOVER_INVALID_REQUEST',
  'CUTOVER_INVALID_ANSWER',
])
