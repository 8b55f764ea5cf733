import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fixture } from './fixture.js'

interface Pending {
  resolve(answer: unknown): void
  reject(error: Error): void
}

/** The way without a library: one child process that answers `send`. To change versions, kill it and fork another. */
export class RestartedByHand {
  #child: ChildProcess | undefined
  #lastId = 0
  readonly #pending = new Map<number, Pending>()

  call(request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#pending.set(id, { resolve, reject })
      if (this.#child === undefined) this.#fail(id)
      else
        this.#child.send({ id, request }, error => {
          if (error !== null) this.#fail(id)
        })
    })
  }

  async start(): Promise<void> {
    const child = fork(fixture('forked'))
    child.on('message', message => {
      const { id, answer } = message as { readonly id: number; readonly answer: unknown }
      this.#pending.get(id)?.resolve(answer)
      this.#pending.delete(id)
    })
    await once(child, 'spawn')
    this.#child = child
    await this.call('ping')
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return
    child.kill()
    await once(child, 'exit')
    for (const id of [...this.#pending.keys()]) this.#fail(id)
  }

  #fail(id: number): void {
    this.#pending.get(id)?.reject(new Error('The child has exited.'))
    this.#pending.delete(id)
  }
}
