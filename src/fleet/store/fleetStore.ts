/** The two buckets of a fleet on NATS: that of its record, and that of its nodes. */
import type { KV, KvEntry, KvWatchEntry } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { nats } from '../nats/index.js'
import type { NodeEntry } from '../record/nodeEntry.js'
import type { Wanted } from '../record/wanted.js'
import { nodesBucket, recordBucket, WANTED } from './names.js'

/** NATS keeps at most so many revisions of a key. */
const HISTORY = 64

/** The error of NATS that says that somebody else has written the key meanwhile. */
const LOST_RACES: readonly unknown[] = [10_071, 10_164]

/** A revision of a key. `bytes` is null if it was deleted. */
export interface Revision {
  readonly key: string
  readonly revision: number
  readonly bytes: Uint8Array | null
  /** When the server stored it. */
  readonly created: Date
}

/** A watch that goes on until it is stopped, or NATS ends it. */
export interface Watch {
  stop(): void
  readonly ended: Promise<void>
}

export class FleetStore {
  readonly #record: KV
  readonly #nodes: KV

  private constructor(record: KV, nodes: KV) {
    this.#record = record
    this.#nodes = nodes
  }

  /** Opens the buckets of a fleet, and creates those that are missing. */
  static async open(connection: NatsConnection, fleet: string, replicas = 1): Promise<FleetStore> {
    const kvm = new nats.Kvm(nats.jetstream(connection, { checkAPI: false } as object))
    // A direct read may come from a replica that lags behind.
    const options = { replicas, allow_direct: false }
    const record = await kvm.create(recordBucket(fleet), { ...options, history: HISTORY })
    const nodes = await kvm.create(nodesBucket(fleet), options)
    return new FleetStore(record, nodes)
  }

  async wanted(): Promise<Revision | null> {
    return revisionOf(await this.#record.get(WANTED))
  }

  /**
   * Writes the record if it is still at `revision`; 0: if there is none.
   *
   * @returns the new revision; null if somebody else has written it meanwhile
   */
  async replaceWanted(record: Wanted, revision: number): Promise<number | null> {
    try {
      return await this.#record.put(WANTED, JSON.stringify(record), { previousSeq: revision })
    } catch (error) {
      if (LOST_RACES.includes((error as { readonly code?: unknown }).code)) return null
      throw error
    }
  }

  /** All revisions of the record that NATS has kept, oldest first. */
  async history(): Promise<Revision[]> {
    const found: Revision[] = []
    for await (const entry of await this.#record.history({ key: WANTED })) found.push(given(entry))
    return found
  }

  async node(name: string): Promise<Revision | null> {
    return revisionOf(await this.#nodes.get(name))
  }

  async putNode(name: string, entry: NodeEntry): Promise<number> {
    return this.#nodes.put(name, JSON.stringify(entry))
  }

  async forgetNode(name: string): Promise<void> {
    await this.#nodes.delete(name)
  }

  /** The revision of the last change of the nodes' bucket; 0 if it is empty. */
  async lastOfNodes(): Promise<number> {
    const { streamInfo } = await this.#nodes.status()
    return streamInfo.state.messages === 0 ? 0 : streamInfo.state.last_seq
  }

  /** Gives the record, and each change of it. */
  watchWanted(next: (revision: Revision) => void): Promise<Watch> {
    return watch(this.#record, WANTED, next)
  }

  /** Gives the entries of all nodes, or of one, and each change of them, in the order of their revisions. */
  watchNodes(next: (revision: Revision) => void, name = '>'): Promise<Watch> {
    return watch(this.#nodes, name, next)
  }
}

/** Gives the subject and the text of each message. The watch ends with the subscription, or with an error of it. */
export function subscription(
  connection: NatsConnection,
  subject: string,
  next: (subject: string, text: string) => void,
): Watch {
  const subscribed = connection.subscribe(subject)
  const read = async () => {
    for await (const message of subscribed) next(message.subject, message.string())
  }
  return watchOf(() => subscribed.unsubscribe(), read())
}

async function watch(kv: KV, key: string, next: (revision: Revision) => void): Promise<Watch> {
  const entries = await kv.watch({ key })
  const read = async () => {
    for await (const entry of entries) next(given(entry))
  }
  return watchOf(() => entries.stop(), read())
}

function watchOf(stop: () => void, ended: Promise<void>): Watch {
  // A watch that fails before anybody waits for its end must not end the process.
  ended.catch(() => {})
  return { stop, ended }
}

function revisionOf(entry: KvEntry | null): Revision | null {
  return entry === null ? null : given(entry)
}

function given({ key, revision, operation, value, created }: KvEntry | KvWatchEntry): Revision {
  return { key, revision, bytes: operation === 'PUT' ? value : null, created }
}
