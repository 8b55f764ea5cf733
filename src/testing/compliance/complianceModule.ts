import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import type { CallContext, Role, RuntimeContext, RuntimeModule } from '../../contract/index.js'
import type { ComplianceCounts, ComplianceLocalConfig, ComplianceRequest } from './requests.js'

/** Makes a module that does what each {@link ComplianceRequest} says, with its own counts. It is a loader for `inProcess`. */
export function createComplianceModule(): RuntimeModule<ComplianceRequest, unknown> {
  /** Interrupts the calls of `wait`. */
  const interrupts = new Set<() => void>()
  /** Answer the calls of `seen`, if their counts are reached. */
  const checks = new Set<() => void>()
  let counts = { hanging: 0, interrupted: 0, aborts: 0 }
  let roles: Role[] = []
  let askHost: RuntimeContext['callHost'] | undefined

  const wait = (signal: AbortSignal) =>
    new Promise<string>(resolve => {
      const interrupt = () => {
        signal.removeEventListener('abort', interrupt)
        if (!interrupts.delete(interrupt)) return
        counts.interrupted++
        resolve('interrupted')
        changed()
      }
      interrupts.add(interrupt)
      changed()
      if (signal.aborted) interrupt()
      else signal.addEventListener('abort', interrupt)
    })

  const currentCounts = (): ComplianceCounts => {
    const { hanging, interrupted, aborts } = counts
    return { waiting: interrupts.size + hanging, interrupted, aborts }
  }

  const changed = () => {
    for (const check of checks) check()
  }

  const countsWhen = (expected: Partial<ComplianceCounts>) =>
    new Promise<ComplianceCounts>(resolve => {
      const check = () => {
        const counts = currentCounts()
        if (Object.entries(expected).some(([name, count]) => Reflect.get(counts, name) !== count)) return
        checks.delete(check)
        resolve(counts)
      }
      checks.add(check)
      check()
    })

  return {
    async start(context: RuntimeContext) {
      interrupts.clear()
      checks.clear()
      counts = { hanging: 0, interrupted: 0, aborts: 0 }
      roles = []
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
          return countsWhen(request.when ?? {})
        case 'roles':
          return [...roles]
        case 'ask':
          return askHost?.(request.request)
      }
    },

    abort() {
      counts.aborts++
      changed()
      for (const interrupt of interrupts) interrupt()
    },

    stop() {
      for (const interrupt of interrupts) interrupt()
    },

    role(role: Role) {
      roles.push(role)
    },
  }
}

/** Ignores `signal` in a worker: it would end the whole process. */
function crash(signal: NodeJS.Signals | undefined): never {
  if (signal !== undefined && isMainThread) process.kill(process.pid, signal)
  process.exit(70)
}

function failure(request: Extract<ComplianceRequest, { op: 'fail' }>): Error {
  const { name, code, message, details, cause } = request
  return Object.assign(new Error(message, { cause: new Error(cause) }), details, { name, code })
}

/** The module of a host that loads this file: one instance for as long as the file is loaded. */
export const { start, call, abort, stop, role } = createComplianceModule()
