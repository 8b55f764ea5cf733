import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'

/** A server that loses a connection may never say so. */
const TIMEOUT = 20_000
const UPLOAD = Buffer.alloc(1_048_576, 'x')

interface Kind {
  readonly path: string
  readonly clients: number
  readonly body?: Buffer
  readonly answer: string
}

const KINDS: readonly Kind[] = [
  { path: '/', clients: 35, answer: 'hello' },
  { path: '/upload', clients: 5, body: UPLOAD, answer: String(UPLOAD.length) },
  { path: '/events', clients: 10, answer: [0, 1, 2, 3, 4].map(n => `data: ${n}\n\n`).join('') },
]

/**
 * 50 clients with a connection each, which they keep: GET, POST of 1 MB, and events. The server answers as
 * `test/fixtures/serve/unprepared.mjs` does.
 */
export class KeptConnections {
  readonly answered: Record<string, number> = {}
  readonly failed: string[] = []
  sockets = 0
  readonly #url: string
  readonly #all: Promise<unknown>
  #isOver = false

  constructor(url: string) {
    this.#url = url
    const clients = KINDS.flatMap(kind => Array.from({ length: kind.clients }, () => this.#run(kind)))
    this.#all = Promise.all(clients)
  }

  async #run(kind: Kind): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const seen = new Set<unknown>()
    agent.on('free', socket => {
      if (!seen.has(socket)) this.sockets++
      seen.add(socket)
    })
    while (!this.#isOver) {
      try {
        const text = await this.#ask(kind, agent)
        if (text !== kind.answer) this.failed.push(`${kind.path}: ${text.slice(0, 80)}`)
        else this.answered[kind.path] = (this.answered[kind.path] ?? 0) + 1
      } catch (error) {
        this.failed.push(`${kind.path}: ${error}`)
      }
    }
    agent.destroy()
  }

  async #ask({ path, body }: Kind, agent: Agent): Promise<string> {
    const asked = request(new URL(path, this.#url), { agent, method: body === undefined ? 'GET' : 'POST' })
    asked.setTimeout(TIMEOUT, () => asked.destroy(new Error(`no answer within ${TIMEOUT} ms`)))
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    let text = `${response.statusCode === 200 ? '' : response.statusCode}`
    for await (const chunk of response) text += chunk
    return text
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#all
  }
}
