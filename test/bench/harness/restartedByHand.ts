import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { subject } from './subject.js'

interface Pending {
  resolve(answer: unknown): void
  reject(error: Error): void
}

/** What one does without a library: one child, asked by `send`; to change versions, kill it and start another. */
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
    const child = fork(subject('forked'))
    child.on('message', message => {
      const { id, answer } = message as { readonly id: number; readonly answer: unknown }
      this.#pending.get(id)?.resolve(answer)
      this.#pending.delete(id)
    })
    await once(child, 'spawn')
    this.#child = child
    await this.call('are you there?')
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
    this.#pending.get(id)?.reject(new Error('The child has gone.'))
    this.#pending.delete(id)
  }
}
