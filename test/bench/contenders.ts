import type { Provisioner } from 'cutover/hosts'
import { subject } from './harness/subject.js'

/** What is asked; an echo answers with the same. */
type Request = Readonly<Record<string, unknown>>

/** Somebody who answers a request from somewhere else. */
export interface Contender {
  call(request: Request): Promise<unknown>
  close(): Promise<void>
}

export type Start = () => Promise<Contender>

/** Requests of some size, and how often they are sent: some 100 ms for whoever is good at it. */
export interface Payload {
  readonly name: string
  /** A new object each time: a structured clone of many would hold one that comes twice only once. */
  make(): Request
  /** Calls before that, at 64 at once, for half a second or so: until both sides have compiled what they run. */
  readonly warmUp: number
  /** Calls in one measurement, at 64 at once and one after the other. */
  readonly many: number
  readonly single: number
  /** Whoever carries it, most of its time goes into copying memory: no goal is a multiple there. */
  readonly isLarge: boolean
}

const LINE = 'The quick brown fox jumps over the lazy dog: { "name": "fox", "speed": [1, 2, 3] }.\n'
const fields = { id: 123_456, method: 'render', ok: true }

function texts(length: number): () => Request {
  const text = LINE.repeat(Math.ceil(length / LINE.length)).slice(0, length)
  return () => ({ ...fields, text })
}

/** More than are under way at once. */
function bytes(length: number): () => Request {
  const all: Uint8Array[] = []
  let next = 0
  return () => {
    const at = next++ % 100
    all[at] ??= new Uint8Array(length).fill(at)
    return { ...fields, bytes: all[at] }
  }
}

/** About 60 bytes as JSON. */
export const SMALL: Payload = {
  name: '60 B',
  make: texts(5),
  warmUp: 100_000,
  many: 20_000,
  single: 2_000,
  isLarge: false,
}
export const TEXT_4K: Payload = {
  name: '4 kB of text',
  make: texts(4_000),
  warmUp: 40_000,
  many: 10_000,
  single: 1_500,
  isLarge: false,
}
export const TEXT_256K: Payload = {
  name: '256 kB of text',
  make: texts(256_000),
  warmUp: 500,
  many: 500,
  single: 200,
  isLarge: true,
}
export const BYTES_256K: Payload = {
  name: '256 kB of bytes',
  make: bytes(256_000),
  warmUp: 500,
  many: 500,
  single: 200,
  isLarge: true,
}

/** A host of ours, asked directly. */
export async function hosted(provisioner: Provisioner): Promise<Contender> {
  const runtime = provisioner.provision<Request, unknown>({ id: 'bench', version: '1.0.0', module: subject('echo') })
  runtime.start()
  await runtime.call(SMALL.make())
  return { call: request => runtime.call(request), close: async () => runtime.stop() }
}

/** Promises of answers, found by the ids that the answers carry. */
export class Waiting {
  readonly #resolvers = new Map<number, (answer: unknown) => void>()
  #lastId = 0

  ask(send: (id: number) => void): Promise<unknown> {
    return new Promise(resolve => {
      const id = ++this.#lastId
      this.#resolvers.set(id, resolve)
      send(id)
    })
  }

  answer(id: number, answer: unknown): void {
    const resolve = this.#resolvers.get(id)
    this.#resolvers.delete(id)
    resolve?.(answer)
  }
}
