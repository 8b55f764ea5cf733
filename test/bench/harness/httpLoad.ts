import { fork } from 'node:child_process'
import { once } from 'node:events'
import autocannon from 'autocannon'

const CONNECTIONS = 50

/** The ways to serve the application. */
export type Kind = 'plain' | 'cluster' | 'cutover' | 'pool'

/** A server of `httpServer`, and clients with connections that they keep. */
export class HttpLoad implements AsyncDisposable {
  readonly #server
  readonly #gone = new AbortController()
  #port = 0

  constructor(kind: Kind) {
    this.#server = fork(new URL('httpServer.js', import.meta.url), [kind], { execArgv: [] })
    this.#server.once('exit', () => this.#gone.abort())
  }

  async start(): Promise<void> {
    this.#port = await this.#answer()
  }

  /** @param duration - s */
  async perSecond(duration: number): Promise<number> {
    const { requests, duration: actual } = await autocannon({ ...this.#target(), duration })
    return requests.total / actual
  }

  /** @returns how many requests failed, were reset, or got another answer than the expected, while `action` ran */
  async failuresDuring(action: () => Promise<void>, options: Partial<autocannon.Options>): Promise<number> {
    let stop = () => {}
    const ended = new Promise<autocannon.Result>((resolve, reject) => {
      const load = autocannon({ ...this.#target(), ...options, duration: 600 }, (error, result) => {
        if (error) reject(error)
        else resolve(result)
      })
      stop = () => load.stop?.()
    })
    try {
      await action()
    } finally {
      stop()
    }
    const { errors, timeouts, non2xx, mismatches } = await ended
    return errors + timeouts + non2xx + mismatches
  }

  /** Brings up new processes of the application. */
  async switch(): Promise<void> {
    this.#server.send('switch')
    await this.#answer()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gone.signal.aborted) return
    const gone = once(this.#server, 'exit')
    this.#server.disconnect()
    await gone
  }

  /** @throws AbortError the server has exited */
  async #answer(): Promise<number> {
    const [answer] = (await once(this.#server, 'message', { signal: this.#gone.signal })) as [number]
    return answer
  }

  #target() {
    return { url: `http://127.0.0.1:${this.#port}`, connections: CONNECTIONS, sampleInt: 250 }
  }
}
