import { connect, createServer, type Server, type Socket } from 'node:net'

/** A process that does not say in this time whether it has the lock is taken for the holder: it may be suspended. */
const ANSWER_TIMEOUT = 1_000
const HELD = 'held'

/** A listening Unix socket that tells other processes about a lock. The kernel closes it when the process ends. */
export class LockSocket {
  readonly #server: Server
  readonly #asking = new Set<Socket>()
  #state = 'trying'

  private constructor() {
    this.#server = createServer(socket => this.#answer(socket))
    // Neither keeps the process alive.
    this.#server.unref()
  }

  static listen(path: string): Promise<LockSocket> {
    const own = new LockSocket()
    return new Promise((resolve, reject) => {
      own.#server.once('error', reject)
      // `exclusive`: a worker of node:cluster listens by itself. `writableAll`: other users may ask, too.
      own.#server.listen({ path, exclusive: true, readableAll: true, writableAll: true }, () => {
        own.#server.off('error', reject).on('error', () => {})
        resolve(own)
      })
    })
  }

  /** Says from now on that this process has the lock. */
  hold(): void {
    this.#state = HELD
    for (const socket of this.#asking) this.#tell(socket)
  }

  /** Removes the socket. */
  close(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve())
      for (const socket of this.#asking) socket.destroy()
    })
  }

  #answer(socket: Socket): void {
    this.#asking.add(socket)
    socket.unref()
    socket.on('error', () => {}).once('close', () => this.#asking.delete(socket))
    socket.resume()
    this.#tell(socket)
  }

  #tell(socket: Socket): void {
    const text = `${this.#state} ${process.pid}\n`
    if (this.#state === HELD) socket.end(text)
    else socket.write(text)
  }
}

/** `dead`: no process listens. `free`: it has given up. Else the pid, if known, of a process that has the lock or tries. */
export type Answer = 'dead' | 'free' | { readonly pid: string | undefined }

/** Asks the process behind a socket. With `waits`, a process that is trying is given the time to decide. */
export function ask(path: string, waits: boolean): Promise<Answer> {
  return new Promise(resolve => {
    let text = ''
    const socket = connect(path)
    const done = (answer: Answer) => {
      resolve(answer)
      socket.destroy()
    }
    socket.setTimeout(ANSWER_TIMEOUT, () => done({ pid: pidIn(text) }))
    socket.setEncoding('utf8').on('data', data => {
      text += data
      if (text.includes('\n') && (!waits || text.includes(HELD))) done({ pid: pidIn(text) })
    })
    socket.once('close', () => done('free'))
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') done('dead')
      // The process ended, or gave up, while it was asked.
      else if (code === 'ENOENT' || code === 'ECONNRESET' || code === 'EPIPE') done('free')
      else done({ pid: undefined })
    })
  })
}

function pidIn(text: string): string | undefined {
  return /\d+/.exec(text)?.[0]
}
