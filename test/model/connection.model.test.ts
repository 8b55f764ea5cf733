import { type ConnectionEvent, connectionMachine } from 'cutover/machines'
import { expect } from 'vitest'
import type { SnapshotFrom } from 'xstate'
import { Connection } from '../../src/protocol/connection.js'
import { RESPONSE, type TransportObserver } from '../../src/protocol/transport.js'
import { microtasks } from '../fixtures/hosting.js'
import { type Driver, runEverything, type Step } from './runEverything.js'
import { TransitionRecorder } from './transitionRecorder.js'

type Machine = typeof connectionMachine

const EVENTS = ['open', 'initialized', 'close'] as const satisfies readonly ConnectionEvent['type'][]
const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** A real connection over a transport in memory. The transport answers every call. */
class ConnectionDriver implements Driver<Machine> {
  readonly #seen = { opened: 0, closedTransport: 0, reported: 0 }
  readonly #answers: string[] = []
  readonly #expected = new Expected()
  readonly #recorder = new TransitionRecorder()
  readonly connection: Connection

  constructor() {
    this.connection = new Connection({
      role: 'host',
      inspect: this.#recorder.inspect,
      logger: silent,
      answerCall: () => null,
      answer: () => ({ kind: 'Empty', payload: null }),
      closed: () => void this.#seen.reported++,
      open: observer => this.#open(observer),
    })
  }

  async take(step: Step<Machine>) {
    this.#recorder.take()
    const { type } = step.event
    if (type === 'close') this.connection.close(new Error('closed'))
    else this.connection[type]()
    await microtasks()
    expect(await this.#look()).toEqual(this.#expected.after(step))
    return this.#recorder.take()
  }

  async end() {
    this.connection.close(new Error('closed'))
    await microtasks()
    const { waiting } = this.connection
    expect({ waiting, closed: this.#seen.closedTransport }).toEqual({ waiting: 0, closed: this.#seen.opened })
  }

  /** Makes a call, and gives its outcome and the outcomes of the calls that waited before. */
  async #look() {
    const note = (what: string) => void this.#answers.push(what)
    this.connection.call('now').then(
      () => note('answered'),
      () => note('rejected'),
    )
    await microtasks()
    const { state, waiting } = this.connection
    return { ...this.#seen, state, waiting, answers: this.#answers.splice(0) }
  }

  #open(observer: TransportObserver) {
    this.#seen.opened++
    return {
      isCongested: false,
      send: (id: number | bigint) => observer.message(id, RESPONSE, 'RuntimeCallResponse', null),
      close: () => void this.#seen.closedTransport++,
    }
  }
}

/** Works out what must be observed, from the states alone. */
class Expected {
  #opened = 0
  #closedTransport = 0
  #reported = 0
  #waiting = 0

  after({ from, to }: Step<Machine>) {
    const entered = (state: string) => to.value === state && from.value !== state
    if (entered('initializing')) this.#opened++
    if (entered('closed')) this.#reported++
    if (entered('closed') && from.value !== 'uninitialized') this.#closedTransport++
    const isWaiting = to.value === 'uninitialized' || to.value === 'initializing'
    const outcome = to.value === 'ready' ? 'answered' : 'rejected'
    const answers = isWaiting ? [] : new Array<string>(this.#waiting + 1).fill(outcome)
    this.#waiting = isWaiting ? this.#waiting + 1 : 0
    const seen = { opened: this.#opened, closedTransport: this.#closedTransport, reported: this.#reported }
    return { ...seen, state: to.value, waiting: this.#waiting, answers }
  }
}

runEverything({
  title: 'a connection',
  machine: connectionMachine,
  input: undefined,
  possible: (state: SnapshotFrom<Machine>) => (state.value === 'closed' ? [] : EVENTS.map(type => ({ type }))),
  impossible: [],
  nameOf: (state: SnapshotFrom<Machine>) => state.value,
  begin: () => new ConnectionDriver(),
})
