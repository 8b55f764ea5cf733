/** A connection whose requests to some subjects wait, or fail, as those over a bad network do. */
import type { NatsConnection } from '@nats-io/transport-node'

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

export function gated(
  connection: NatsConnection,
  subjects: RegExp,
): { readonly connection: NatsConnection; readonly gate: Gate } {
  const gate = new Gate()
  const request: NatsConnection['request'] = async (subject, ...rest) => {
    if (subjects.test(subject)) await gate.pass()
    return connection.request(subject, ...rest)
  }
  const get = (target: NatsConnection, key: string | symbol) => {
    if (key === 'request') return request
    const value: unknown = Reflect.get(target, key)
    return typeof value === 'function' ? value.bind(target) : value
  }
  return { connection: new Proxy(connection, { get }), gate }
}
