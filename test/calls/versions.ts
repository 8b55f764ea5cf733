/** Versions for the tests of routers. */
import { CallsInFlight } from '../../src/calls/callsInFlight.js'
import { MirroredCalls, MirroredCounts } from '../../src/calls/mirroredCalls.js'
import type { Backend } from '../../src/calls/route.js'
import { safeLogger } from '../../src/contract/logger.js'

/** Versions that answer with their name, and what each was sent, in order. Those in `down` take no calls. */
export function versions(onCall: (request: string) => void = () => {}) {
  const sent: string[] = []
  const down = new Set<string>()
  const backends = new Map<string, Backend<string, string>>()
  const backendOf = (version: string): Backend<string, string> => {
    const call = async (request: string) => {
      sent.push(`${version} ${request}`)
      onCall(request)
      return version
    }
    const endpoint = {
      get callee() {
        return down.has(version) ? null : { call }
      },
    }
    const mirrored = new MirroredCalls<string, string>(version, new MirroredCounts(), safeLogger(undefined, {}))
    return { version, endpoint, calls: new CallsInFlight(), mirrored }
  }
  const find = (version: string) => {
    const backend = backends.get(version) ?? backendOf(version)
    backends.set(version, backend)
    return backend
  }
  return { sent, find, down }
}
