import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import type { CallContext, RuntimeContext, RuntimeModule } from '../../module/runtimeModule.js'
import type { ComplianceCounts, ComplianceLocalConfig, ComplianceRequest } from './requests.js'

/** A module that does what a {@link ComplianceRequest} says. Each has counts of its own: also a loader for `inProcess`. */
export function createComplianceModule(): RuntimeModule<ComplianceRequest, unknown> {
  const waiting = new Set<() => void>()
  const watching = new Set<() => void>()
  let counts = { hanging: 0, interrupted: 0, aborts: 0 }
  let askHost: RuntimeContext['callHost'] | undefined

  const wait = (signal: AbortSignal) =>
    new Promise<string>(resolve => {
      const interrupt = () => {
        signal.removeEventListener('abort', interrupt)
        if (!waiting.delete(interrupt)) return
        counts.interrupted++
        resolve('interrupted')
        changed()
      }
      waiting.add(interrupt)
      changed()
      if (signal.aborted) interrupt()
      else signal.addEventListener('abort', interrupt)
    })

  const seen = (): ComplianceCounts => {
    const { hanging, interrupted, aborts } = counts
    return { waiting: waiting.size + hanging, interrupted, aborts }
  }

  const changed = () => {
    for (const look of watching) look()
  }

  const seenWhen = (expected: Partial<ComplianceCounts>) =>
    new Promise<ComplianceCounts>(resolve => {
      const look = () => {
        const counts = seen()
        if (Object.entries(expected).some(([name, count]) => Reflect.get(counts, name) !== count)) return
        watching.delete(look)
        resolve(counts)
      }
      watching.add(look)
      look()
    })

  return {
    async start(context: RuntimeContext) {
      waiting.clear()
      watching.clear()
      counts = { hanging: 0, interrupted: 0, aborts: 0 }
      askHost = context.callHost
      const { startDelay, failWhile } = context.localConfig as ComplianceLocalConfig
      if (startDelay !== undefined) await delay(startDelay, undefined, { signal: context.signal })
      if (failWhile !== undefined && existsSync(failWhile)) throw new Error('told not to start')
    },

    call(request: ComplianceRequest, { signal }: CallContext) {
      switch (request.op) {
        case 'echo':
          return request.delay === undefined ? request.value : delay(request.delay, request.value)
        case 'wait':
          return wait(signal)
        case 'hang':
          counts.hanging++
          changed()
          return new Promise(() => {})
        case 'crash':
          return crash(request.signal)
        case 'fail':
          throw failure(request)
        case 'seen':
          return seenWhen(request.when ?? {})
        case 'ask':
          return askHost?.(request.request)
      }
    },

    abort() {
      counts.aborts++
      changed()
      for (const interrupt of waiting) interrupt()
    },

    stop() {
      for (const interrupt of waiting) interrupt()
    },
  }
}

/** A signal would end the whole process, not the worker alone. */
function crash(signal: NodeJS.Signals | undefined): never {
  if (signal !== undefined && isMainThread) process.kill(process.pid, signal)
  process.exit(70)
}

function failure(request: Extract<ComplianceRequest, { op: 'fail' }>): Error {
  const { name, code, message, details, cause } = request
  return Object.assign(new Error(message, { cause: new Error(cause) }), details, { name, code })
}

/** What a host gets that loads this file: one module for as long as the file is loaded. */
export const { start, call, abort, stop } = createComplianceModule()
