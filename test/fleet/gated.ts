/** A connection whose requests to some subjects wait, or fail, as those over a bad network do. */
import type { NatsConnection } from '@nats-io/transport-node'

/** Longer than the stall of a machine, in ms. After a timeout a link waits for the simulated clock. */
const REQUEST_TIMEOUT = 20_000

export class Gate {
  /** The error of the requests. */
  fail: Error | undefined
  #opened: Promise<void> = Promise.resolve()
  #open: () => void = () => {}

  close(): void {
    this.#opened = new Promise(resolve => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#open()
  }

  async pass(): Promise<void> {
    if (this.fail !== undefined) throw this.fail
    await this.#opened
  }
}

/** A connection whose requests outlast the stall of a machine. */
export function patient(connection: NatsConnection): NatsConnection {
  return gated(connection, /(?!)/).connection
}

export function gated(
  connection: NatsConnection,
  subjects: RegExp,
): { readonly connection: NatsConnection; readonly gate: Gate } {
  const gate = new Gate()
  const request: NatsConnection['request'] = async (subject, payload, options) => {
    if (subjects.test(subject)) await gate.pass()
    return connection.request(subject, payload, { ...options, timeout: REQUEST_TIMEOUT })
  }
  const get = (target: NatsConnection, key: string | symbol) => {
    if (key === 'request') return request
    const value: unknown = Reflect.get(target, key)
    return typeof value === 'function' ? value.bind(target) : value
  }
  return { connection: new Proxy(connection, { get }), gate }
}
