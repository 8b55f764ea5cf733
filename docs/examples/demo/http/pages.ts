/** Asks the application of `--http` for pages, and checks what comes as far as HTTP goes. */
import { digestOf, type Rendered, type RenderRequest } from '../markdown.js'

/** An answer over HTTP. */
export interface Reply {
  readonly status: number
  /** The version that answered, as the header `x-cutover-version` says; undefined if none did. */
  readonly version: string | undefined
  readonly text: string
}

/** One request in so many asks for a stream of events. */
const EVENTS_ARE_ONE_IN = 4

/**
 * @param get - sends a request for a path
 * @param onVersion - hears which version answered, whatever it answered
 * @throws Error the status is not 200; with the text of the answer
 */
export async function pageFrom(
  get: (path: string) => Promise<Reply>,
  { id, path }: RenderRequest,
  onVersion: (version: string) => void = () => {},
): Promise<Rendered> {
  const isEvents = id % EVENTS_ARE_ONE_IN === 0
  const query = new URLSearchParams({ id: String(id), path })
  const { status, version, text } = await get(`/${isEvents ? 'events' : 'page'}?${query}`)
  if (version !== undefined) onVersion(version)
  if (status !== 200) throw new Error(text)
  return { version: version ?? 'unknown', digest: digestOf(isEvents ? joined(text) : text) }
}

/** Puts the pieces of a page together. */
function joined(events: string): string {
  const pieces = events.matchAll(/^data: (.*)$/gm)
  return [...pieces].map(([, data]) => JSON.parse(data as string) as string).join('')
}
