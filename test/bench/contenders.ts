import type { Provisioner } from 'cutover/hosts'
import { fixture } from './harness/fixture.js'
import { type Request, SMALL } from './payloads.js'

/** Something that answers requests in another process or thread. */
export interface Contender {
  call(request: Request): Promise<unknown>
  close(): Promise<void>
}

export type Start = () => Promise<Contender>

/** A host of this library, called without an aggregate. */
export async function hostContender(provisioner: Provisioner): Promise<Contender> {
  const runtime = provisioner.provision<Request, unknown>({ id: 'bench', version: '1.0.0', module: fixture('echo') })
  runtime.start()
  await runtime.call(SMALL.make())
  return { call: request => runtime.call(request), close: async () => runtime.stop() }
}

/** Matches answers to requests by id, for contenders that have no calls of their own. */
export class PendingAnswers {
  readonly #resolvers = new Map<number, (answer: unknown) => void>()
  #lastId = 0

  request(send: (id: number) => void): Promise<unknown> {
    return new Promise(resolve => {
      const id = ++this.#lastId
      this.#resolvers.set(id, resolve)
      send(id)
    })
  }

  resolve(id: number, answer: unknown): void {
    const resolve = this.#resolvers.get(id)
    this.#resolvers.delete(id)
    resolve?.(answer)
  }
}
