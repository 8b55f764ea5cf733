import { AsyncLocalStorage } from 'node:async_hooks'
import type { Aggregate } from '../aggregate/index.js'
import type { Attempt } from './attempt.js'
import { calledByVerify } from './rolloutErrors.js'

/** The async context inside a user's `verify`. */
const verifying = new AsyncLocalStorage<{ readonly signal: AbortSignal }>()

/** Runs the user's check, if there is one. Its signal fires when the rollout ends. */
export async function runVerify<Req, Res>(attempt: Attempt<Req, Res>, aggregate: Aggregate<Req, Res>): Promise<void> {
  const { version, signal, plan } = attempt
  const { verify } = plan
  if (verify === undefined) return
  const running = new AbortController()
  try {
    await verifying.run(running, async () =>
      verify({
        version,
        signal,
        call: (request, options) => aggregate.call(request, { signal, ...options, version }),
      }),
    )
  } finally {
    // Code that verify has left behind, such as a timer, may call later.
    running.abort()
  }
}

/** @throws CutoverError `CUTOVER_ROLLOUT_STATE` inside `verify` */
export function refuseInVerify(what: string): void {
  if (verifying.getStore()?.signal.aborted === false) throw calledByVerify(what)
}
