import { streamed } from 'cutover'
import { describe, expect, it } from 'vitest'
import { Flow, type FlowEnd, flowOf, type Source, wholeOrRest } from '../../src/streams/index.js'
import { rejectionOf, stateOf } from '../fixtures/hosting.js'

const enough = new Error('enough')

/** A source whose chunks arrive when the test says so, as those of another process do. */
class ArrivingSource implements Source<string> {
  readonly arrived: string[] = []
  stopped: unknown
  #wake = () => {}

  get hasChunks(): boolean {
    return this.arrived.length > 0
  }

  take(): string {
    return this.arrived.shift() as string
  }

  async next(): Promise<IteratorResult<string, unknown>> {
    if (!this.hasChunks)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    return { done: false, value: this.take() }
  }

  stop(reason: unknown): void {
    this.stopped = reason
  }

  arrive(chunk: string): void {
    this.arrived.push(chunk)
    this.#wake()
  }
}

/** A flow, what it said, and what its reader gets. */
function flowing(...arrived: readonly string[]) {
  const source = new ArrivingSource()
  source.arrived.push(...arrived)
  const flow = new Flow<string>(source)
  const said: unknown[] = []
  flow.onBegin(() => said.push('begun'))
  flow.onEnd(end => said.push(end))
  return { source, flow, said, reader: (flow.given as ReadableStream<string>).getReader() }
}

describe('A stream', () => {
  it('that is stopped rejects a read that is pending, though its source never settles it', async () => {
    const { source, flow, said, reader } = flowing()
    const read = rejectionOf(reader.read())
    expect(await stateOf(read)).toBe('pending')
    flow.stop('failed', enough)
    expect(await read).toBe(enough)
    expect([source.stopped, said]).toEqual([enough, ['begun', { status: 'failed', reason: enough }]])
  })

  it('that is stopped gives what has arrived before that', async () => {
    const { flow, reader } = flowing('a', 'b')
    flow.stop('failed', enough)
    expect(await reader.read()).toEqual({ done: false, value: 'a' })
    expect(await reader.read()).toEqual({ done: false, value: 'b' })
    expect(await rejectionOf(reader.read())).toBe(enough)
  })

  it('gives a transport what has arrived, and then rejects with the reason', async () => {
    const { flow } = flowing('a')
    flow.stop('failed', enough)
    expect(await flow.next()).toEqual({ done: false, value: 'a' })
    expect(await rejectionOf(flow.next())).toBe(enough)
  })

  it('begins with the first read, whether its chunk has arrived or not', async () => {
    for (const arrived of [['a'], []]) {
      const { source, said, reader } = flowing(...arrived)
      expect(said).toEqual([])
      const read = reader.read()
      expect(await stateOf(read)).toBe(arrived.length === 0 ? 'pending' : 'fulfilled')
      expect(said).toEqual(['begun'])
      if (arrived.length === 0) source.arrive('a')
      expect(await read).toEqual({ done: false, value: 'a' })
      expect(said).toEqual(['begun'])
    }
  })

  it('ends once, and tells those that ask later', () => {
    const { flow, source, said } = flowing()
    flow.stop('cancelled', undefined)
    flow.stop('failed', enough)
    const late: FlowEnd[] = []
    flow.onEnd(end => late.push(end))
    const end = { status: 'cancelled', reason: undefined }
    expect([said, late, source.stopped]).toEqual([[end], [end], undefined])
  })

  it('drops a chunk that comes after its reader has cancelled', async () => {
    const { source, said, reader } = flowing()
    const read = reader.read()
    expect(await stateOf(read)).toBe('pending')
    await reader.cancel(enough)
    source.arrive('late')
    expect(await read).toEqual({ done: true, value: undefined })
    expect(said).toEqual(['begun', { status: 'cancelled', reason: enough }])
  })
})

describe('What stands for a stream that nobody reads', () => {
  it('is read as an async iterable, and cancelled by a break', async () => {
    let returned = 0
    const source = streamed(
      (async function* () {
        try {
          yield 'a'
          yield 'b'
        } finally {
          returned++
        }
      })(),
    ) as unknown as AsyncIterable<string>
    const chunks: string[] = []
    for await (const chunk of source) {
      chunks.push(chunk)
      if (chunk === 'a') break
    }
    expect([chunks, flowOf(source)?.end]).toEqual([['a'], { status: 'cancelled', reason: undefined }])
    await new Promise(setImmediate)
    expect(returned).toBe(1)
  })

  it('ends for its reader when it is returned', async () => {
    const source = streamed(ReadableStream.from(['a'])) as unknown as AsyncIterable<string>
    expect(await source[Symbol.asyncIterator]().return?.()).toEqual({ done: true, value: undefined })
  })
})

it('A source that nobody has begun to read hears that nobody wants it', async () => {
  const heard: string[] = []
  const source: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        heard.push('next')
        return { done: true, value: undefined }
      },
      return: async () => {
        heard.push('return')
        return { done: true, value: undefined }
      },
    }),
  }
  flowOf(streamed(source))?.stop('cancelled', enough)
  await new Promise(setImmediate)
  expect(heard).toEqual(['return'])
})

describe('Bytes that are read as far as they are there', () => {
  const bytes = (...values: readonly number[]) => Uint8Array.from(values)
  const whole = (maxBytes: number, ...chunks: readonly Uint8Array[]) =>
    wholeOrRest(ReadableStream.from(chunks), maxBytes)

  it('are whole if they have ended: one chunk as it is, several as one', async () => {
    const one = bytes(1, 2)
    expect(await whole(10, one)).toBe(one)
    expect([...((await whole(10, one, bytes(3))) as Uint8Array)]).toEqual([1, 2, 3])
    expect(await whole(10)).toHaveLength(0)
  })

  it.each([
    [3, true],
    [2, false],
  ])('of three bytes with at most %i are whole: %s', async (maxBytes, isWhole) => {
    const read = await whole(maxBytes, bytes(1, 2), bytes(3))
    expect(read instanceof Uint8Array).toBe(isWhole)
    const chunks: number[] = []
    if (read instanceof ReadableStream) for await (const chunk of read) chunks.push(...chunk)
    expect(chunks).toEqual(isWhole ? [] : [1, 2, 3])
  })

  it('are a stream that begins with what was there, if the rest is slow; its reader gets the error of the source', async () => {
    let push: ReadableStreamDefaultController<Uint8Array> | undefined
    let cancelled: unknown
    const slow = () =>
      new ReadableStream<Uint8Array>({
        start: controller => {
          push = controller
          controller.enqueue(bytes(1))
        },
        cancel: reason => {
          cancelled = reason
        },
      })
    const failing = (await wholeOrRest(slow(), 10)) as ReadableStream<Uint8Array>
    const reader = failing.getReader()
    expect(await reader.read()).toEqual({ done: false, value: bytes(1) })
    push?.enqueue(bytes(2))
    expect(await reader.read()).toEqual({ done: false, value: bytes(2) })
    push?.error(enough)
    expect(await rejectionOf(reader.read())).toBe(enough)

    const left = (await wholeOrRest(slow(), 10)) as ReadableStream<Uint8Array>
    await left.cancel(enough)
    expect(cancelled).toBe(enough)
  })

  it('reject with an error that is there at once', async () => {
    const failing = new ReadableStream<Uint8Array>({ start: controller => controller.error(enough) })
    expect(await rejectionOf(wholeOrRest(failing, 10))).toBe(enough)
  })
})
